"""The letters in Kafka's dead-letter topic: each known once, however often it was written."""

from collections.abc import Callable

import msgspec

from contracts.dead_letter import DeadLetter, Retried
from contracts.settings import Settings
from contracts.topics import DEAD_LETTER
from online.kafka import partitions_of, reader, to_the_end
from online.letters.letter import Letter
from online.letters.wanted import Wanted

Told = Callable[[int, int], None]
"""Takes how many records were read, of how many."""


class Letters:
    """Gathers records in the topic's order."""

    def __init__(self, wanted: Wanted, *, raws: bool = True) -> None:
        """Without `raws` letters are kept without their bytes: as good for a list, and bounded."""
        self._wanted = wanted
        self._raws = raws
        self.unreadable = 0
        """Records that are no dead letters."""
        self.complete = True
        """False: there are older records that weren't looked at."""
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
            self._letters[name] = said if self._raws else msgspec.structs.replace(said, raw=b"")

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


def read(settings: Settings, wanted: Wanted, told: Told, newest: int | None = None, *, raws: bool = True) -> Letters:
    """All letters in the topic by now, as far as they are wanted; raises `KafkaUnavailable`, `Misconfigured`.

    Only so many of the topic's `newest` records are looked at, where that is said.
    """
    letters = Letters(wanted, raws=raws)
    with reader(settings) as consumer:
        partitions = partitions_of(consumer, settings, DEAD_LETTER.full_name(settings.namespace))
        starts, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        if newest is not None:
            first, starts = starts, {one: max(starts[one], end - newest // len(ends)) for one, end in ends.items()}
            letters.complete = starts == first
        total = sum(ends.values()) - sum(starts.values())
        for done, record in enumerate(to_the_end(consumer, starts, ends), 1):
            letters.add(record.value)
            told(min(done, total), total)
    return letters
