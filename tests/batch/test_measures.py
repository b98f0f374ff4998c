"""Ranks are worth what the book says, and the interval is that of users, not of events."""

import numpy as np
import pytest
from numpy.typing import NDArray

from batch.evaluate import MISS
from batch.measures import GAINS, NAMES, Drawn, all_of, gains


def drawn(ranks: NDArray[np.int64], users: NDArray[np.int64]) -> Drawn:
    return Drawn(zip(GAINS, gains(ranks).T, strict=True), users)


def test_gains_are_those_of_the_book() -> None:
    at_ten = [GAINS.index(name) for name in ("hr@10", "ndcg@10", "mrr@10")]
    np.testing.assert_allclose(
        gains(np.array([0, 1, 9, 10, MISS]))[:, at_ten],
        [[1, 1, 1], [1, 1 / np.log2(3), 1 / 2], [1, 1 / np.log2(11), 1 / 10], [0, 0, 0], [0, 0, 0]],
    )
    assert gains(np.array([4, 5, 19, 20]))[:, [GAINS.index("hr@5"), GAINS.index("hr@20")]].tolist() == [
        [1, 1],
        [0, 1],
        [0, 1],
        [0, 0],
    ]


def test_with_one_relevant_item_all_metrics_follow_from_three() -> None:
    one = drawn(np.array([0, 4, MISS, 30]), np.arange(4))
    found = all_of({name: one.mean(name) for name in GAINS})
    assert tuple(found) == NAMES
    assert found["recall@10"] == found["hr@10"]
    assert found["map@10"] == found["mrr@10"]
    assert found["precision@10"].mean == 0.05
    assert found["f1@10"].mean == pytest.approx(0.5 * 2 / 11, abs=1e-6)  # the mean over events of 2 P R / (P + R)


def test_a_mean_lies_in_its_interval_which_is_wide_when_the_users_are_few() -> None:
    rng = np.random.default_rng(1)
    ranks, users = rng.integers(0, 40, 600), np.repeat(np.arange(60), 10)
    many, few = drawn(ranks, users).mean("hr@10"), drawn(ranks, users // 12).mean("hr@10")
    assert many.mean == few.mean == round(float((ranks < 10).mean()), 6)
    assert many.low < many.mean < many.high
    assert drawn(np.zeros(5, np.int64), np.zeros(5, np.int64)).mean("ndcg@10") == (1.0, 1.0, 1.0)
    assert drawn(ranks, users).mean("mrr@20") == drawn(ranks, users).mean("mrr@20")


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(2)
    level = rng.normal(0, 1, 60).repeat(10)
    two = Drawn([("a", level + 0.1), ("b", level)], np.repeat(np.arange(60), 10))
    assert two.difference("a", "b") == (0.1, 0.1, 0.1)
    assert two.mean("a").high - two.mean("a").low > 0.2
