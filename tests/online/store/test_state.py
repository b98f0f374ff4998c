"""The state's codec: what is packed comes back, and anything else is refused in one way."""

import zlib
from base64 import b85decode
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from contracts.errors import StateTooNew, StateUnreadable
from contracts.hashing import hash64
from contracts.kinds import MOOD_KIND
from contracts.moods import MOODS
from online.store.codec import CODEC_VERSION, sealed
from online.store.history import History
from online.store.impressions import Impressions, Outcomes, Page, pack_impressions, unpack_impressions
from online.store.protocol import UserRecord
from online.store.seen import SeenFilter, hashes
from online.store.state import (
    HISTORY,
    Entry,
    UserState,
    forwarded_id,
    id_hash,
    pack_state,
    unpack_state,
)

HERE = Path(__file__).parent
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
    turn=st.integers(0, 2**31),
    gone=st.lists(st.integers(0, 2**64 - 1), max_size=4).map(tuple),
)
ENTRIES = st.builds(
    Entry,
    offset=INT64,
    time=INT64,
    id_hash=st.integers(0, 2**64 - 1),
    item=TEXT,
    kind=st.integers(0, MOOD_KIND),
    value=st.none() | st.floats(allow_nan=False),
    mood=st.integers(0, len(MOODS) - 1),
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
    assert History.unpack(History(history).pack()) == history


@given(STATES, HISTORIES, st.lists(TEXT))
def test_a_record_comes_back(state: UserState, history: list[Entry], items: list[str]) -> None:
    seen = SeenFilter()
    for item in items:
        seen.add(item)
    state_again, history_again, seen_again = UserRecord.pack(state, History(history), seen).unpack()
    assert pack_state(state_again) == pack_state(state)
    assert history_again == history
    assert seen_again.to_bytes() == seen.to_bytes()


def read_history(raw: bytes) -> list[Entry]:
    """All of it: what isn't looked at isn't read."""
    return list(History.unpack(raw))


UNPACK = (unpack_state, read_history, SeenFilter.from_bytes, unpack_impressions)


def parts(state: UserState, history: list[Entry]) -> list[bytes]:
    """A record's parts, in the order of UNPACK."""
    seen = SeenFilter()
    seen.add("a")
    return [pack_state(state), History(history).pack(), seen.to_bytes(), pack_impressions(SHOWN)]


@given(st.binary(max_size=300), st.sampled_from(["as it is", "as version 1", "sealed"]))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes, how: str) -> None:
    raw = {"as it is": raw, "as version 1": b"\x01" + raw, "sealed": sealed(raw)}[how]
    for unpack in UNPACK:
        with suppress(StateUnreadable):
            unpack(raw)


@given(STATES, HISTORIES, st.data())
def test_a_record_with_a_byte_changed_is_refused(state: UserState, history: list[Entry], data: st.DataObject) -> None:
    for packed, unpack in zip(parts(state, history), UNPACK, strict=True):
        damaged = bytearray(packed)
        at = data.draw(st.integers(1, len(packed) - 1))
        damaged[at] ^= data.draw(st.integers(1, 255))
        with pytest.raises(StateUnreadable, match="damaged"):
            unpack(bytes(damaged))


@given(STATES, HISTORIES, st.data())
def test_a_record_that_ends_early_is_refused(state: UserState, history: list[Entry], data: st.DataObject) -> None:
    for packed, unpack in zip(parts(state, history)[:3], UNPACK, strict=False):
        with pytest.raises(StateUnreadable, match="damaged"):
            unpack(packed[: data.draw(st.integers(0, len(packed) - 1))])


@pytest.mark.parametrize("version", [CODEC_VERSION + 1, 255])
def test_a_newer_version_is_refused_by_name_and_may_be_read_later(version: int) -> None:
    for packed, unpack in zip(parts(UserState(), []), UNPACK, strict=True):
        with pytest.raises(StateTooNew, match=f"{version:02x}.*upgrade") as refused:
            unpack(bytes([version]) + packed[1:])
        assert refused.value.retriable


def of_version_1() -> dict[str, bytes]:
    """Parts that the code of 22 November 2026 wrote, when states had neither `turn` nor `gone`."""
    return {name: b85decode(text) for name, text in map(str.split, (HERE / "codec1.txt").read_text().splitlines())}


def written_by_version_1() -> UserRecord:
    """A record of it."""
    old = of_version_1()
    return UserRecord(old["state"], old["history"], old["seen"], old["shown"])


def test_what_version_1_wrote_is_read() -> None:
    old = of_version_1()
    state, history, seen = written_by_version_1().unpack()
    vectors = np.arange(4, dtype="f4") / 3, np.array([-1.5, 0.25], "f4")
    assert [state.hidden.tolist(), state.embedding.tolist()] == [vector.tolist() for vector in vectors]
    assert (state.bundle, state.offset, state.count, state.turn, state.gone) == (
        "20260301T120000-abcdef",
        41,
        70,
        0,
        (),
    )
    assert history == [
        Entry(
            40,
            1_700_000_000_001,
            2**63 + 5,
            "i68",
            6,
            4.5,
            7,
            "Ljubljana",
            "mobile",
            ("ad=x", "price=2.5"),
        ),
        Entry(41, 1_700_000_000_123, 17, "", MOOD_KIND, None, 7),
    ]
    assert seen.count == 70
    assert seen.contains(hashes(f"i{n}" for n in range(70))).all()
    shown = unpack_impressions(old["shown"])
    assert shown.pages == [Page(1_700_000_000_000, 2**63, ["a", "b"], [0, 1], [0.5, 0.25], [0, 1])]
    assert (shown.passed_over, shown.ids) == ({"c": (2, 28_333_333)}, [6, 2**64 - 1])
    assert unpack_state(old["forwarded"]).forward == "known"


def test_a_filter_that_counts_more_than_its_layers_hold_is_refused() -> None:
    for count in (2**32 - 1, 65, 0):
        seen = SeenFilter()
        seen.add("a")
        seen.count = count
        with pytest.raises(StateUnreadable, match="layers"):
            SeenFilter.from_bytes(seen.to_bytes())


def test_impressions_whose_columns_differ_in_length_are_refused() -> None:
    page, outcomes = Page(1, 2, ["a"], [0, 1], [0.5], [0]), Outcomes(4, [5], [], [True])
    for shown in (Impressions([page], ids=[1]), Impressions(outcomes=[outcomes], ids=[1])):
        with pytest.raises(StateUnreadable, match="columns"):
            unpack_impressions(pack_impressions(shown))


def test_a_usual_record_is_small() -> None:
    state = UserState(
        "20260301T120000-abcdef", "x" * 22, 10**9, 10**12, 10**4, 3, 10**12, np.ones(192, "f4"), np.ones(96, "f4")
    )
    assert len(pack_state(state)) < 1300
    history = [Entry(10**9, 10**12, 2**64 - 1, f"item{n}", 1, None, 2, "Ljubljana", "mobile") for n in range(HISTORY)]
    assert len(History(history).pack()) < 16_000


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


@pytest.mark.parametrize("entry", [["x"], [1, 1, 1, "i", MOOD_KIND + 1], [1, 1, 1, "i", 0, None, len(MOODS)]])
def test_an_entry_that_is_no_entry_is_refused(entry: list[object]) -> None:
    with pytest.raises(StateUnreadable):
        read_history(b"\x01" + msgspec.msgpack.encode([entry]))
    packed = msgspec.msgpack.encode(entry)
    with pytest.raises(StateUnreadable):
        read_history(sealed(msgspec.msgpack.encode([bytes(8), [len(packed)], packed])))


@given(HISTORIES, HISTORIES, st.integers(1, 3))
def test_a_history_that_goes_on_is_as_one_that_was_never_packed(old: list[Entry], new: list[Entry], times: int) -> None:
    packed, whole = History(old), History(old)
    for entry in new:
        for _ in range(times):
            packed = History.unpack(packed.pack())
            packed.append(entry)
            whole.append(entry)
    assert packed == whole == [*old, *(entry for entry in new for _ in range(times))][-HISTORY:]
    assert packed.pack() == whole.pack()
    assert list(packed.ids) == [entry.id_hash for entry in packed]
    assert [packed[at] for at in range(-len(packed), len(packed))] == 2 * list(whole)


def test_a_full_history_forgets_the_oldest() -> None:
    entries = [Entry(n, n, n, f"i{n}", 0) for n in range(2 * HISTORY + 9)]
    history = History(entries[:HISTORY])
    for entry in entries[HISTORY:]:
        history = History.unpack(history.pack())
        history.append(entry)
    assert list(history) == entries[-HISTORY:]
    assert (history[-11:], len(history)) == (entries[-11:], HISTORY)


def test_a_history_that_version_2_wrote_is_read() -> None:
    entries = [Entry(n, n, n, f"i{n}", 0) for n in range(3)]
    content = msgspec.msgpack.encode(entries)
    assert History.unpack(b"\x02" + zlib.crc32(content).to_bytes(4, "little") + content) == entries
