"""A time is read as people write it, and written as they read it."""

import pytest

from contracts.errors import Misconfigured
from contracts.moment import to_the_minute, to_the_second, utc_ms


def test_a_time_is_utc_where_no_zone_is_said_and_keeps_its_milliseconds() -> None:
    assert utc_ms(" 1970-01-01T00:01 ", "") == utc_ms("1970-01-01T02:01+02:00", "") == 60_000
    assert utc_ms("2026-11-01T12:30:00.001", "") == 1_793_536_200_001


def test_what_is_no_time_is_refused_in_the_words_of_who_asked() -> None:
    with pytest.raises(Misconfigured, match="--from wants a time"):
        utc_ms("soon", "--from wants a time")


def test_times_are_written_in_utc() -> None:
    assert to_the_minute(1_793_536_205_999) == "2026-11-01 12:30"
    assert to_the_second(1_793_536_205_999) == "2026-11-01 12:30:05"
