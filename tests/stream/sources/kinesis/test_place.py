"""Places in a shard, as checkpoints say them."""

from datetime import UTC, datetime

import pytest

from contracts.errors import Misconfigured
from stream.sources.kinesis import place

NOON = 1_795_003_200_000
"""2026-11-18T12:00 in UTC ms."""


def test_latest_is_the_moment_of_the_first_start_and_no_later_one() -> None:
    asked = place.iterator(place.start("latest", NOON))
    assert asked == {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": datetime(2026, 11, 18, 12, tzinfo=UTC)}


def test_a_time_is_utc_where_it_names_no_zone() -> None:
    assert place.start("2026-11-18T12:00", NOON) == place.start("2026-11-18T13:00+01:00", NOON) == place.at(NOON)


@pytest.mark.parametrize("said", ["tomorrow", "", "2026-11-19T12:00"])
def test_what_is_no_time_or_yet_to_come_is_refused(said: str) -> None:
    with pytest.raises(Misconfigured, match="--from"):
        place.start(said, NOON)


def test_reading_goes_on_after_a_whole_record() -> None:
    asked = place.iterator(place.after("7"))
    assert asked == {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "7"}
    assert place.part_of(place.after("7"), "8") == 0


def test_reading_goes_on_within_an_aggregated_record() -> None:
    where = place.after("7", 3)
    assert place.iterator(where) == {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "7"}
    assert place.part_of(where, "7") == 4
    assert place.part_of(where, "8") == 0
