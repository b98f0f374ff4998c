"""The letters in Kafka's dead-letter topic: each known once, however often it was written."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from kafka import TopicPartition

from contracts.dead_letter import DeadLetter, Retried
from contracts.errors import KafkaUnavailable
from contracts.settings import Settings
from contracts.topics import DEAD_LETTER
from moodstream.kafka import partitions_of, reader
from moodstream.letters.letter import Letter
from moodstream.letters.wanted import Wanted

Told = Callable[[int, int], None]
"""Takes how many records were read, of how many."""
_POLL_MS: Final = 500
_SILENT_POLLS: Final = 120
"""A minute without a record that is known to be there."""


class Letters:
    """Gathers records in the topic's order."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.unreadable = 0
        """Records that are no dead letters."""
        self._digests: dict[str, list[str]] = {}
        """Of each origin: the first is the letter `origin`, the second `origin#2`."""
        self._letters: dict[str, DeadLetter] = {}
        self._retried: dict[str, list[Retried]] = {}

    def add(self, raw: bytes | None) -> None:
        """Take in one record of the topic."""
        try:
            said = msgspec.json.decode(raw or b"", type=DeadLetter)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.unreadable += 1
            return
        name = self._name(said.origin, said.retried.digest if said.retried else said.digest)
        if said.retried:
            self._retried.setdefault(name, []).append(said.retried)
        elif name not in self._letters and msgspec.structs.replace(self._wanted, retried=None).holds(
            Letter(name, said)
        ):
            self._letters[name] = said

    def _name(self, origin: str, digest: str) -> str:
        known = self._digests.setdefault(origin, [])
        if digest not in known:
            known.append(digest)
        place = known.index(digest) + 1
        return origin if place == 1 else f"{origin}#{place}"

    def found(self) -> list[Letter]:
        """Those that are wanted, the oldest first."""
        letters = [Letter(name, said, tuple(self._retried.get(name, ()))) for name, said in self._letters.items()]
        return sorted((one for one in letters if self._wanted.holds(one)), key=lambda one: (one.said.time, one.id))


def read(settings: Settings, wanted: Wanted, told: Told) -> Letters:
    """All letters in the topic by now, as far as they are wanted; raises `KafkaUnavailable`, `Misconfigured`."""
    letters = Letters(wanted)
    with reader(settings) as consumer:
        for done, total, record in _records(consumer, partitions_of(consumer, settings, DEAD_LETTER)):
            letters.add(record.value)
            told(done, total)
    return letters


def _records(consumer: Any, partitions: list[TopicPartition]) -> Iterator[tuple[int, int, Any]]:
    """Each record up to the ends of now, with how many were read of how many."""
    consumer.assign(partitions)
    starts, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    for partition in partitions:
        consumer.seek(partition, starts[partition])
    total, silent = sum(ends.values()) - sum(starts.values()), 0
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        polled = consumer.poll(timeout_ms=_POLL_MS)
        silent = 0 if polled else silent + 1
        if silent > _SILENT_POLLS:
            raise KafkaUnavailable("Kafka gives no more dead letters though there are some: look at its log, try again")
        done = sum(min(consumer.position(p), ends[p]) - starts[p] for p in partitions)
        for record in (record for records in polled.values() for record in records):
            yield done, total, record
