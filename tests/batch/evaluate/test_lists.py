"""Coverage and diversity by hand."""

import numpy as np
import pytest

from batch.evaluate.lists import coverage, directions, diversity
from batch.evaluate.outcome import Rows
from tests.batch.evaluate.logs import BUNDLE


def test_coverage_is_the_share_of_items_that_were_served_at_all() -> None:
    assert coverage(np.array([[0, 1, -1], [1, 1, -1]], np.int32), 8) == 0.25


def test_diversity_is_one_less_the_mean_cosine_of_pairs() -> None:
    vectors = np.array([[1, 0], [0, 1], [-1, 0], [0, 0]], np.float32)
    assert diversity(np.array([[0, 1]], np.int32), vectors) == 1
    assert diversity(np.array([[0, 0]], np.int32), vectors) == 0
    assert diversity(np.array([[0, 1, 2]], np.int32), vectors) == pytest.approx(4 / 3, abs=1e-5)
    assert diversity(np.array([[0, 1, -1, 3], [0, -1, -1, -1]], np.int32), vectors) == 1
    assert diversity(np.array([[-1, -1]], np.int32), vectors) == 0


def test_items_that_the_bundle_does_not_know_have_no_direction() -> None:
    items = Rows()
    for item_id in ("i3", "nobody's"):
        items.of(item_id)
    found = directions(BUNDLE, items)
    np.testing.assert_allclose(np.square(found).sum(axis=1), [1, 0, 0], atol=1e-5)
