"""The filter of what a user has seen: no false negatives, few false positives, the same after its bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import StateUnreadable
from online.store.seen import SeenFilter, hashes


def filled(n: int) -> SeenFilter:
    seen = SeenFilter()
    for number in range(n):
        seen.add(f"item-{number}")
    return seen


@pytest.mark.parametrize("n", [1, 64, 65, 1000, 10_000])
def test_nothing_seen_is_forgotten_and_at_most_1_percent_is_mistaken(n: int) -> None:
    seen = filled(n)
    assert seen.contains(hashes(f"item-{number}" for number in range(n))).all()
    assert seen.contains(hashes(f"other-{number}" for number in range(20_000))).mean() <= 0.01
    assert 0.98 * n <= seen.count <= n


@given(st.lists(st.text(max_size=10), max_size=300))
def test_its_bytes_give_the_same_filter(items: list[str]) -> None:
    seen = SeenFilter()
    for item in items:
        seen.add(item)
    again = SeenFilter.from_bytes(seen.to_bytes())
    assert again.to_bytes() == seen.to_bytes()
    assert again.contains(hashes(items)).all()
    again.add("one more")
    assert seen.to_bytes() == SeenFilter.from_bytes(seen.to_bytes()).to_bytes(), "the two share no memory"


def test_what_was_added_before_and_after_its_bytes_does_not_matter() -> None:
    straight, paused = filled(500), filled(100)
    for number in range(100, 500):
        paused = SeenFilter.from_bytes(paused.to_bytes()) if number % 50 == 0 else paused
        paused.add(f"item-{number}")
    assert paused.to_bytes() == straight.to_bytes()


def test_an_item_that_comes_again_changes_nothing() -> None:
    seen = filled(100)
    before = seen.to_bytes()
    seen.add("item-7")
    assert seen.to_bytes() == before


def test_an_empty_filter_has_seen_nothing() -> None:
    assert not SeenFilter().contains(hashes(["a", "b"])).any()
    assert SeenFilter().contains(np.zeros(0, np.uint64)).shape == (0,)
    assert filled(3).contains(hashes([])).shape == (0,)


def test_it_stays_small() -> None:
    assert len(filled(10).to_bytes()) < 150
    assert len(filled(10_000).to_bytes()) < 50_000


@pytest.mark.parametrize("cut", [0, 1, 4, 6, 50, -1])
def test_a_cut_filter_is_refused(cut: int) -> None:
    with pytest.raises(StateUnreadable):
        SeenFilter.from_bytes(filled(100).to_bytes()[:cut])
