"""From a shard's record to what goes to Kafka."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from contracts import events
from contracts.dead_letter import DeadLetter
from contracts.events import MAX_EVENT_BYTES, BundleChange, Interaction
from contracts.rollout import Rollout
from contracts.topics import EVENTS
from online.learn.outgoing import Outgoing
from stream.sources.kinesis import place
from stream.sources.kinesis.shards import Stream
from stream.sources.kinesis.taken import Origin, Taken
from tests.stream.sources.kinesis.packed import packed

STREAM = Stream("clicks", "arn:aws:kinesis:eu-central-1:123:stream/clicks", 1, 2)
NUMBER = "49590338271490256608559692538361571095921575989136588898"
CLICK = Interaction(event_id="e1", time=5, user_id="me", item_id="50")


def taken(data: bytes, start: str = place.TRIM_HORIZON, stream: Stream = STREAM, shard: int = 7) -> list[Taken]:
    arrived = datetime(2026, 11, 18, 12, tzinfo=UTC)
    record: dict[str, Any] = {"Data": data, "SequenceNumber": NUMBER, "ApproximateArrivalTimestamp": arrived}
    return list(Origin(stream, f"shardId-{shard:012}").take(record, start, 99))


def letter(one: Taken) -> DeadLetter:
    assert one.is_letter
    return msgspec.json.decode(one.outgoing.value, type=DeadLetter)


def test_an_event_is_handed_on_as_it_is_keyed_by_its_user() -> None:
    raw = events.encode(CLICK)[:-1] + b',"further":"column"}'
    assert taken(raw) == [Taken(NUMBER, Outgoing(EVENTS, "me", raw))]


def test_one_without_id_and_time_gets_the_same_ones_each_time_and_its_arrivals_time() -> None:
    bare = b'{"type":"interaction","user_id":"me","item_id":"50"}'
    (one,), (again,) = taken(bare), taken(bare)
    event = events.decode(one.outgoing.value)
    assert one == again
    assert event.event_id.startswith("kinesis-")
    assert event.time == 1_795_003_200_000


def test_ids_of_other_places_are_others() -> None:
    bare = b'{"type":"interaction","user_id":"me","item_id":"50"}'
    others = [STREAM._replace(made=2), STREAM._replace(arn="another")]
    made = [*(taken(bare, stream=stream)[0] for stream in (STREAM, *others)), taken(bare, shard=8)[0]]
    made += taken(packed([("me", bare), ("me", bare)]))
    assert len({events.decode(one.outgoing.value).event_id for one in made}) == 6


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (b"\xff\xfe", "malformed"),
        (b'{"type":"interaction","event_id":"e","user_id":"me"}', "item_id"),
        (b'{"type":"nonsense"}', "nonsense"),
        (b'{"type":"interaction","x":"' + b"x" * MAX_EVENT_BYTES + b'"}', "bytes"),
        (events.encode(BundleChange(event_id="b", time=0, rollout=Rollout("v"))), "control record"),
        (b'{"type":"interaction","event_id":"e","time":1,"item_id":"i","user_id":"\\ud800"}', ""),
        (b"[" * 20_000, ""),
    ],
)
def test_what_is_no_event_is_a_letter_with_its_origin_and_its_bytes(data: bytes, reason: str) -> None:
    (one,) = taken(data)
    said = letter(one)
    assert said.origin == f"kinesis:clicks/7/{NUMBER}"
    assert said.raw == data
    assert reason in said.reason.lower()
    assert said.time == 99


def test_an_aggregated_record_is_taken_part_by_part_and_reading_may_go_on_within_it() -> None:
    whole = packed([("me", events.encode(CLICK)), ("you", b"poison"), ("me", events.encode(CLICK))])
    first, second, third = taken(whole)
    assert [first.place, second.place, third.place] == [f"{NUMBER}/0", f"{NUMBER}/1", NUMBER]
    assert letter(second).raw == b"poison"
    assert taken(whole, second.place) == [third]


def test_a_damaged_aggregated_record_is_one_letter() -> None:
    whole = packed([("me", events.encode(CLICK))])[:-1] + b"?"
    (one,) = taken(whole)
    assert letter(one).raw == whole
    assert "checksum" in letter(one).reason
