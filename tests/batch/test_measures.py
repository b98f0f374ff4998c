"""Ranks are worth what the book says, and the interval is that of users, not of events."""

import numpy as np

from batch.evaluate import MISS
from batch.measures import gains, measured


def test_gains_are_those_of_the_book() -> None:
    np.testing.assert_allclose(
        gains(np.array([0, 1, 9, 10, MISS])),
        [[1, 1, 1], [1, 1 / np.log2(3), 1 / 2], [1, 1 / np.log2(11), 1 / 10], [0, 0, 0], [0, 0, 0]],
    )


def test_a_mean_lies_in_its_interval_which_is_wide_when_the_users_are_few() -> None:
    rng = np.random.default_rng(1)
    ranks, users = rng.integers(0, 40, 600), np.repeat(np.arange(60), 10)
    many = measured(gains(ranks), users)["hr@10"]
    few = measured(gains(ranks), users // 12)["hr@10"]
    assert many.mean == few.mean == round(float((ranks < 10).mean()), 5)
    assert many.low < many.mean < many.high
    assert measured(np.ones((5, 3)), np.zeros(5, np.int64))["ndcg@10"] == (1.0, 1.0, 1.0)
    assert measured(gains(ranks), users) == measured(gains(ranks), users)
