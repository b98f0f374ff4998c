"""The ranker adds up, explains itself, and knows nothing of what it never saw differ."""

import numpy as np
import pytest

from model.ranker import FEATURES, Network, Ranker, scaled
from tests.fakes.bundle import random_network

RNG = np.random.default_rng(0)
CANDIDATES = RNG.normal(0, 1, (20, len(FEATURES))).astype(np.float32)
FITTED = Ranker(FEATURES, np.zeros(len(FEATURES), np.float32), random_network(len(FEATURES)))


@pytest.mark.parametrize("ranker", [Ranker(), FITTED], ids=["default", "fitted"])
def test_the_parts_add_up_to_the_score(ranker: Ranker) -> None:
    scores = ranker.score(CANDIDATES)
    usual = np.median(CANDIDATES, axis=0)
    for place in range(len(CANDIDATES)):
        assert sum(ranker.parts(CANDIDATES[place], usual).values()) == pytest.approx(float(scores[place]), abs=1e-4)


def test_a_network_is_what_its_layers_say() -> None:
    network = random_network(3, networks=2)
    x = scaled(CANDIDATES[:, :3], network.mean, network.scale).astype(np.float64)
    each = []
    for k in range(2):
        hidden = np.maximum(x @ network.first[k] + network.first_bias[k], 0)
        each.append(np.maximum(hidden @ network.second[k] + network.second_bias[k], 0) @ network.last[k])
    np.testing.assert_allclose(network.score(CANDIDATES[:, :3]), x @ network.linear + sum(each) / 2, rtol=1e-4)


def test_a_candidates_score_does_not_depend_on_who_stands_beside_it() -> None:
    alone = np.concatenate([FITTED.score(CANDIDATES[place : place + 1]) for place in range(len(CANDIDATES))])
    np.testing.assert_allclose(FITTED.score(CANDIDATES), alone, rtol=1e-4, atol=1e-5)


def test_what_lies_beyond_all_that_was_seen_is_taken_to_lie_at_its_edge() -> None:
    far, farther = np.full((1, len(FEATURES)), 1e3, np.float32), np.full((1, len(FEATURES)), 1e6, np.float32)
    assert FITTED.score(far) == FITTED.score(farther)


def test_a_feature_that_never_differed_moves_nothing_in_the_network() -> None:
    network = random_network(len(FEATURES))
    scale = network.scale.copy()
    scale[0] = 0
    fitted = Ranker(FEATURES, np.zeros(len(FEATURES), np.float32), Network(**{**vars(network), "scale": scale}))
    moved = CANDIDATES.copy()
    moved[:, 0] += 100
    np.testing.assert_array_equal(fitted.score(CANDIDATES), fitted.score(moved))
