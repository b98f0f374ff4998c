"""Letters' events sent once more, each once: first the event, then a note in the topic that it was sent."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from contracts import events
from contracts.dead_letter import DeadLetter, Retried
from contracts.errors import InvalidEvent
from contracts.settings import Settings
from contracts.topics import DEAD_LETTER, topic_of
from online.kafka import writer
from online.letters.letter import Letter
from online.letters.repair import Repaired, repaired

Told = Callable[[int], None]
"""Takes how many letters are done."""
_AT_ONCE: Final = 500
"""Letters between two notes: what a kill can make to be sent again, with the same ids."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one letter."""

    id: str
    status: Literal["sent", "good", "already sent", "invalid"]
    """`good`: it would be sent, were it not for `--dry-run`."""
    reason: str = ""
    """Why it's invalid still, or when it was sent."""
    event_id: str = ""
    topic: str = ""
    partition: int | None = None
    offset: int | None = None


class Plan(msgspec.Struct, frozen=True):
    """Which letters can be sent, and what is to be said of the others."""

    good: list[tuple[Letter, Repaired]]
    others: list[Result]


def plan(letters: Sequence[Letter], repairs: Mapping[str, bytes], *, again: bool) -> Plan:
    """What to do with each letter; `repairs` are bytes by letter's id that stand for its own.

    One that was sent before is left alone unless it's wanted `again`.
    """
    made = Plan([], [])
    for letter in letters:
        if letter.retried and not again:
            last = letter.retried[-1]
            where = f"as {last.topic}/{last.partition}/{last.offset}, id {last.event_id}"
            made.others.append(Result(letter.id, "already sent", where, last.event_id))
            continue
        try:
            made.good.append((letter, repaired(letter.said, repairs.get(letter.id, letter.said.raw))))
        except InvalidEvent as error:
            made.others.append(Result(letter.id, "invalid", str(error)))
    return made


def send(settings: Settings, good: Sequence[tuple[Letter, Repaired]], told: Told) -> list[Result]:
    """Send the events, acknowledged by all replicas, and note it; raises `KafkaUnavailable`.

    Killed between the two, a letter doesn't know that it was sent: sent again, its id makes it one effect all the same.
    """
    results: list[Result] = []
    with writer(settings) as producer:
        for start in range(0, len(good), _AT_ONCE):
            results += _sent(settings, producer, good[start : start + _AT_ONCE])
            told(len(results))
    return results


def _sent(settings: Settings, producer: Any, good: Sequence[tuple[Letter, Repaired]]) -> list[Result]:
    topics = [topic_of(fixed.event) for _, fixed in good]
    pending = [
        producer.send(topic.full_name(settings.namespace), fixed.value, fixed.event.key.encode())
        for topic, (_, fixed) in zip(topics, good, strict=True)
    ]
    placed = [future.get(timeout=settings.kafka_timeout_s) for future in pending]
    notes = []
    for (letter, fixed), topic, at in zip(good, topics, placed, strict=True):
        note = _note(letter.said, fixed.event.event_id, topic.name, at.partition, at.offset)
        name = DEAD_LETTER.full_name(settings.namespace)
        notes.append(producer.send(name, events.encode(note), note.origin.encode()))
    for future in notes:
        future.get(timeout=settings.kafka_timeout_s)
    return [
        Result(letter.id, "sent", "", fixed.event.event_id, topic.name, at.partition, at.offset)
        for (letter, fixed), topic, at in zip(good, topics, placed, strict=True)
    ]


def _note(said: DeadLetter, event_id: str, topic: str, partition: int, offset: int) -> DeadLetter:
    now = int(time.time() * 1000)
    retried = Retried(digest=said.digest, event_id=event_id, time=now, topic=topic, partition=partition, offset=offset)
    return msgspec.structs.replace(said, raw=b"", reason="sent again", time=now, retried=retried)
