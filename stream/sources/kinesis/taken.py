"""From a shard's record to what goes to Kafka: the event with an id and a time, or a dead letter with its origin."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from contracts import events
from contracts.errors import InvalidEvent
from contracts.events import ControlRecord
from contracts.topics import DEAD_LETTER, Topic, topic_of
from online.learn.outgoing import Outgoing, Raw, dead_letter
from stream.sources.kinesis import place
from stream.sources.kinesis.aggregated import is_aggregated, unpacked
from stream.sources.kinesis.shards import Stream, number_of

PREFIX: Final = "kinesis:"
"""Before the stream's name where a dead letter says in which topic its record lay."""


class Taken(NamedTuple):
    """One record, or one part of an aggregated one."""

    place: str
    """After it."""
    outgoing: Outgoing

    @property
    def is_letter(self) -> bool:
        return self.outgoing.topic is DEAD_LETTER


class Origin:
    """One shard, as its records' ids and dead letters name it."""

    def __init__(self, stream: Stream, shard: str) -> None:
        self._named = f"{stream.arn}@{stream.made}/{shard}"
        self._topic = Topic(f"{PREFIX}{stream.name}", "partition key", 0)
        self._number = number_of(shard)

    def take(self, record: Mapping[str, Any], start: str, now: int) -> Iterator[Taken]:
        """What a record of `GetRecords` holds beyond `start`; `now` is UTC ms. Nothing is dropped."""
        data, sequence = record["Data"], record["SequenceNumber"]
        time = _ms(record["ApproximateArrivalTimestamp"])
        if not is_aggregated(data):
            yield Taken(place.after(sequence), self._outgoing(data, sequence, None, time, now))
            return
        try:
            parts = unpacked(data)
        except InvalidEvent as error:
            yield Taken(place.after(sequence), dead_letter(self._raw(data, sequence, time), error, now))
            return
        for part in range(place.part_of(start, sequence), len(parts)):
            is_last = part == len(parts) - 1
            where = place.after(sequence, None if is_last else part)
            yield Taken(where, self._outgoing(parts[part], sequence, part, time, now))

    def _outgoing(self, data: bytes, sequence: str, part: int | None, time: int, now: int) -> Outgoing:
        try:
            return self._sendable(data, sequence, part, time)
        except Exception as error:  # invalid, or a bug of ours: neither stops the shard
            return dead_letter(self._raw(data, sequence, time), error, now)

    def _sendable(self, data: bytes, sequence: str, part: int | None, time: int) -> Outgoing:
        """Most events are whole, and looked at once; raises `InvalidEvent`."""
        try:
            return _event(data)
        except InvalidEvent:
            return _event(self._completed(data, sequence, part, time))

    def _completed(self, data: bytes, sequence: str, part: int | None, time: int) -> bytes:
        """With an id and a time where it has none: always the same, so that a repetition is known for one."""
        try:
            fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return data  # `decode` says what is wrong with it
        named = hashlib.blake2b(f"{self._named}/{sequence}/{part}".encode(), digest_size=16).hexdigest()
        ours = {"event_id": f"kinesis-{named}", "time": time}
        missing = {name: value for name, value in ours.items() if name not in fields}
        return msgspec.json.encode({**fields, **missing}) if missing else data

    def _raw(self, data: bytes, sequence: str, time: int) -> Raw:
        return Raw(self._topic, self._number, int(sequence), time, data)


def _event(data: bytes) -> Outgoing:
    """The event in these bytes, as it's sent; raises `InvalidEvent`."""
    event = events.decode(data)
    if isinstance(event, ControlRecord):
        raise InvalidEvent("control records are written by moodstream's own commands, not sent as events")
    try:
        event.key.encode()
    except UnicodeError as error:
        raise InvalidEvent(f"the id is no text: {error}") from error
    return Outgoing(topic_of(event), event.key, data)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
