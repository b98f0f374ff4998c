"""A counter in memory says its most frequent members as if it looked at all of them each time."""

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from online.store.frequent import Counts

_INCREMENTS = st.lists(
    st.dictionaries(st.sampled_from([f"i{number}" for number in range(12)]), st.integers(-3, 4), max_size=4),
    min_size=1,
    max_size=40,
)


def _foremost(counts: Counts, n: int) -> dict[str, int]:
    members, times, _ = counts.greatest(n)
    assert len(members) == len(times)
    return dict(zip(members, times.tolist(), strict=True))


@given(_INCREMENTS, st.integers(0, 14))
def test_whatever_was_said_before_the_most_frequent_are_those_of_a_sort(
    increments: list[dict[str, int]], n: int
) -> None:
    counts, expected = Counts(), dict[str, int]()
    for members in increments:
        counts.add(members)
        for member, times in members.items():
            expected[member] = expected.get(member, 0) + times
        order = sorted(expected, key=lambda member: (expected[member], member), reverse=True)
        assert _foremost(counts, n) == {member: expected[member] for member in order[:n]}
        assert counts.dump() == expected


def test_the_number_tells_whether_anybody_overtook() -> None:
    counts = Counts()
    counts.add({"a": 9, "b": 5, "c": 2})
    members, _, found = counts.greatest(2)
    counts.add({"a": 1, "c": 1, "d": 1})
    again, times, number = counts.greatest(2)
    assert (again, number) == (members, found)
    assert dict(zip(again, times.tolist(), strict=True)) == {"a": 10, "b": 5}
    counts.add({"c": 7})
    overtaken, _, number = counts.greatest(2)
    assert set(overtaken) == {"a", "c"}
    assert number != found
    assert list(members) == ["a", "b"], "what was said before stays as it was"


def test_it_grows_while_what_it_said_is_held_and_a_copy_goes_its_own_way() -> None:
    counts = Counts()
    counts.add({"a": 1})
    held, copy = counts.greatest(5), deepcopy(counts)
    counts.add({"a": 1, "b": 1})
    assert (held[0], held[1].tolist()) == (["a"], [1])
    assert _foremost(counts, 5) == {"a": 2, "b": 1}
    assert _foremost(copy, 5) == {"a": 1}
    assert copy.greatest(5)[2] != counts.greatest(5)[2] != held[2], "no other find has its number"
