"""Stated probabilities against outcomes, by hand."""

import math

import numpy as np
import pytest

from batch.reliability import ece, log_loss, reliability


def test_log_loss_is_what_the_surprise_was() -> None:
    assert log_loss(np.array([0.25, 0.5]), np.array([True, False])) == pytest.approx((math.log(4) + math.log(2)) / 2)
    assert math.isfinite(log_loss(np.array([0.0, 1.0]), np.array([True, False])))


def test_ece_is_the_gap_between_stated_and_seen_over_bins_of_equally_many() -> None:
    stated, taken = np.array([0.1, 0.1, 0.8, 0.8]), np.array([False, False, True, True])
    assert ece(stated, taken, bins=2) == pytest.approx((0.1 + 0.2) / 2)
    assert ece(stated, taken, bins=1) == pytest.approx(0.05)
    assert ece(stated[:1], taken[:1]) == pytest.approx(0.1)


def test_probabilities_that_outcomes_follow_are_reliable() -> None:
    rng = np.random.default_rng(0)
    stated = rng.random(20_000)
    found = reliability(stated, rng.random(20_000) < stated)
    assert found.ece < 0.02
    assert found.log_loss == pytest.approx(0.5, abs=0.01)
