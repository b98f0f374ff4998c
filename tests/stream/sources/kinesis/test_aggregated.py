"""Records of the Kinesis Producer Library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import InvalidEvent
from stream.sources.kinesis.aggregated import MAGIC, is_aggregated, unpacked
from tests.stream.sources.kinesis.packed import packed


@given(st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=400)), max_size=20))
def test_what_was_packed_comes_out_in_its_order(records: list[tuple[str, bytes]]) -> None:
    whole = packed(records)
    assert is_aggregated(whole)
    assert unpacked(whole) == [data for _, data in records]


@given(st.integers(min_value=4), st.integers(min_value=1, max_value=255))
def test_a_damaged_one_is_refused(at: int, by: int) -> None:
    whole = bytearray(packed([("u", b"one"), ("v", b"two")]))
    whole[4 + at % (len(whole) - 4)] ^= by
    with pytest.raises(InvalidEvent, match="checksum"):
        unpacked(bytes(whole))


@pytest.mark.parametrize("message", [b"\x1a\x05ab", b"\x1a", b"\x1b", b"\xff\xff"])
def test_what_is_no_such_message_is_refused_though_its_checksum_is_right(message: bytes) -> None:
    from hashlib import md5

    with pytest.raises(InvalidEvent, match="aggregated"):
        unpacked(MAGIC + message + md5(message, usedforsecurity=False).digest())
