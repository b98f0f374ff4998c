"""What is handed on at once."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contracts.topics import EVENTS
from online.learn.outgoing import Outgoing
from stream.sources.kinesis.onward import MOST_BYTES
from stream.sources.kinesis.parcels import OF_ONE, Parcel, parcels
from stream.sources.kinesis.taken import Taken


def of(*users: str, size: int = 10) -> list[Taken]:
    return [Taken(str(at), Outgoing(EVENTS, user, b"x" * size)) for at, user in enumerate(users)]


def handed_on(taken: list[Taken], since: Counter[str]) -> list[Parcel]:
    """As a reader does it: a checkpoint after each full one."""
    done = []
    for parcel in parcels(taken, lambda key: since[key]):
        since.update(one.outgoing.key for one in parcel.taken)
        assert max(since.values()) <= OF_ONE
        assert parcel.is_full is (max(since.values()) == OF_ONE)
        if parcel.is_full:
            since.clear()
        done.append(parcel)
    return done


@given(st.lists(st.sampled_from("abc"), max_size=900), st.integers(0, OF_ONE - 1))
def test_of_one_user_no_more_come_again_after_a_crash_than_a_history_tells_from_new_ones(
    users: list[str], before: int
) -> None:
    taken = of(*users)
    done = handed_on(taken, Counter({"a": before}))
    assert [one for parcel in done for one in parcel.taken] == taken


def test_a_parcel_is_one_batch_of_kafkas() -> None:
    done = handed_on(of(*(f"u{at}" for at in range(30)), size=MOST_BYTES // 4), Counter())
    assert {len(parcel.taken) for parcel in done} == {3}
    assert not any(parcel.is_full for parcel in done)


def test_what_is_too_large_for_any_goes_alone() -> None:
    done = handed_on(of("a", "b", size=2 * MOST_BYTES), Counter())
    assert [len(parcel.taken) for parcel in done] == [1, 1]
