"""The state's codec: what is packed comes back, and anything else is refused in one way."""

from contextlib import suppress

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from contracts.errors import StateUnreadable
from online.store.impressions import Impressions, Outcomes, Page, pack_impressions, unpack_impressions
from online.store.protocol import UserRecord
from online.store.seen import SeenFilter
from online.store.state import (
    CODEC_VERSION,
    HISTORY,
    Entry,
    UserState,
    forwarded_id,
    hash64,
    id_hash,
    pack_history,
    pack_state,
    unpack_history,
    unpack_state,
)

TEXT = st.text(max_size=20)
INT64 = st.integers(-(2**63), 2**63 - 1)
VECTORS = arrays(np.float32, st.integers(0, 200), elements=st.floats(width=32))
STATES = st.builds(
    UserState,
    bundle=TEXT,
    incarnation=TEXT,
    offset=INT64,
    time=INT64,
    count=INT64,
    mood=INT64,
    mood_time=INT64,
    hidden=VECTORS,
    embedding=VECTORS,
    forward=TEXT,
    erased=st.booleans(),
)
ENTRIES = st.builds(
    Entry,
    offset=INT64,
    time=INT64,
    id_hash=st.integers(0, 2**64 - 1),
    item=TEXT,
    kind=st.integers(0, 20),
    value=st.none() | st.floats(allow_nan=False),
    mood=st.integers(0, 20),
    place=TEXT,
    device=TEXT,
)
HISTORIES = st.lists(ENTRIES, max_size=8)
SHOWN = Impressions(
    [Page(1, 2, ["a", "b"], [0, 1], [0.5, 0.25], [0, 1])],
    {"c": (2, 3)},
    [Outcomes(4, [5], [0.125], [True])],
    [6],
)


@given(STATES)
def test_a_state_comes_back_bit_for_bit(state: UserState) -> None:
    packed = pack_state(state)
    again = unpack_state(packed)
    assert pack_state(again) == packed
    for name in UserState.__struct_fields__:
        before, after = getattr(state, name), getattr(again, name)
        assert before.tobytes() == after.tobytes() if isinstance(before, np.ndarray) else before == after


@given(HISTORIES)
def test_a_history_comes_back(history: list[Entry]) -> None:
    assert unpack_history(pack_history(history)) == history


@given(STATES, HISTORIES, st.lists(TEXT))
def test_a_record_comes_back(state: UserState, history: list[Entry], items: list[str]) -> None:
    seen = SeenFilter()
    for item in items:
        seen.add(item)
    state_again, history_again, seen_again = UserRecord.pack(state, history, seen).unpack()
    assert pack_state(state_again) == pack_state(state)
    assert history_again == history
    assert seen_again.to_bytes() == seen.to_bytes()


@given(st.binary(max_size=300), st.booleans())
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes, with_version: bool) -> None:
    raw = bytes([CODEC_VERSION]) + raw if with_version else raw
    for unpack in (unpack_state, unpack_history, SeenFilter.from_bytes, unpack_impressions):
        with suppress(StateUnreadable):
            unpack(raw)


@given(STATES, HISTORIES, st.data())
def test_a_damaged_record_is_read_or_refused(state: UserState, history: list[Entry], data: st.DataObject) -> None:
    seen = SeenFilter()
    seen.add("a")
    for packed, unpack in (
        (pack_state(state), unpack_state),
        (pack_history(history), unpack_history),
        (seen.to_bytes(), SeenFilter.from_bytes),
        (pack_impressions(SHOWN), unpack_impressions),
    ):
        damaged = bytearray(packed[: data.draw(st.integers(0, len(packed)))])
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        with suppress(StateUnreadable):
            unpack(bytes(damaged))


@pytest.mark.parametrize("version", [0, CODEC_VERSION + 1, 255])
def test_another_version_is_refused_by_name(version: int) -> None:
    for packed, unpack in (
        (pack_state(UserState()), unpack_state),
        (pack_history([]), unpack_history),
        (SeenFilter().to_bytes(), SeenFilter.from_bytes),
        (pack_impressions(SHOWN), unpack_impressions),
    ):
        with pytest.raises(StateUnreadable, match=f"{version:02x}"):
            unpack(bytes([version]) + packed[1:])


def test_impressions_whose_columns_differ_in_length_are_refused() -> None:
    page, outcomes = Page(1, 2, ["a"], [0, 1], [0.5], [0]), Outcomes(4, [5], [], [True])
    for shown in (Impressions([page], ids=[1]), Impressions(outcomes=[outcomes], ids=[1])):
        with pytest.raises(StateUnreadable, match="impressions"):
            unpack_impressions(pack_impressions(shown))


def test_a_usual_record_is_small() -> None:
    state = UserState(
        "20260301T120000-abcdef", "x" * 22, 10**9, 10**12, 10**4, 3, 10**12, np.ones(192, "f4"), np.ones(96, "f4")
    )
    assert len(pack_state(state)) < 1300
    history = [Entry(10**9, 10**12, 2**64 - 1, f"item{n}", 1, None, 2, "Ljubljana", "mobile") for n in range(HISTORY)]
    assert len(pack_history(history)) < 14_000


def test_hashes_stay_as_they_are_in_stored_histories() -> None:
    assert [hash64(text) for text in ("", "i1", "ü")] == [13020603013274838756, 778860755400141486, 3976460501203677525]
    assert all(0 <= hash64(str(n)) < 2**64 for n in range(100))


@given(st.integers(0, 2**64 - 1))
def test_a_forwarded_event_is_known_by_the_first_one_s_hash(entry_hash: int) -> None:
    assert id_hash(forwarded_id(entry_hash)) == entry_hash


@given(st.text(min_size=1, max_size=64))
def test_any_event_id_has_a_hash(event_id: str) -> None:
    for text in (event_id, f"#{event_id}"):
        assert 0 <= id_hash(text) < 2**64


def test_an_entry_that_is_no_entry_is_refused() -> None:
    with pytest.raises(StateUnreadable):
        unpack_history(bytes([CODEC_VERSION]) + msgspec.msgpack.encode([["x"]]))
