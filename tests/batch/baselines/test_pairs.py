"""Dense and sparse pairs count the same."""

import numpy as np
import pytest

from batch.baselines.baseline import Items
from batch.baselines.pairs import DENSE_BELOW, DensePairs, Pairs, SparsePairs, pairs


@pytest.mark.parametrize("make", [DensePairs, SparsePairs])
def test_pairs_count_both_ways_and_grow_with_the_items(make: type[DensePairs | SparsePairs]) -> None:
    items = Items(str(number) for number in range(3))
    counts: Pairs = make(items)
    counts.add(0, [1, 2], np.array([1.0, 2.0]))
    assert counts.weighted([0], np.ones(1)).tolist() == [0, 1, 2]
    assert counts.weighted([1, 2], np.array([1.0, 10.0])).tolist() == [21, 0, 0]
    for number in range(200):
        items.row(f"new {number}")
    counts.add(202, [202, 0], np.ones(2))
    assert counts.weighted([202], np.ones(1))[[0, 202]].tolist() == [1, 1]
    assert counts.weighted([0], np.ones(1))[202] == 1


def test_sparse_pairs_keep_the_strongest() -> None:
    items = Items(str(number) for number in range(50))
    counts = SparsePairs(items, partners=4)
    for other in range(1, 50):
        counts.add(0, [other], np.array([float(other < 5) + 1]))
    assert set(np.argsort(-counts.weighted([0], np.ones(1)))[:4]) == {1, 2, 3, 4}


def test_a_large_catalogue_gets_no_square() -> None:
    assert isinstance(pairs(Items(str(number) for number in range(DENSE_BELOW + 1))), SparsePairs)
    assert isinstance(pairs(Items("abc")), DensePairs)
