"""Counts of names are exact while few are named, and of more never wrong by much."""

from collections import Counter

import numpy as np
import pyarrow as pa

from batch.nightly.frequent import Frequent


def counted(names: list[str], named: int, piece: int = 50) -> Frequent:
    found = Frequent(named)
    for start in range(0, len(names), piece):
        found.take(pa.chunked_array([names[start : start + piece]]))
    return found


def test_few_names_are_counted_exactly_in_the_order_in_which_they_came() -> None:
    names = [f"n{number % 7}" for number in range(500)] + ["", ""]
    assert list(counted(names, 4).counts.items()) == list(Counter(names[:500]).items())


def test_of_many_names_few_are_held_and_who_has_a_share_is_found() -> None:
    rng = np.random.default_rng(0)
    names = [f"n{number}" for number in range(6000)] + ["often"] * 1500 + ["sometimes"] * 500
    rng.shuffle(names)
    found = counted(names, 100)
    assert len(found.counts) <= 200 + 50
    first, second = sorted(found.counts, key=lambda name: -found.counts[name])[:2]
    assert (first, second) == ("often", "sometimes")
    assert 1500 - len(names) / 100 <= found.counts["often"] <= 1500


def test_nobody_is_named_by_nothing() -> None:
    assert counted(["", ""], 3).counts == {}
