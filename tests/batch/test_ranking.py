"""The ranker's weights are learned from what was logged, and a source of noise loses its say."""

import asyncio
import random

import numpy as np
import pytest

from batch.ranking import LEAST, Requests, fit_ranker, fitted, listwise, logged, ndcg
from contracts.events import Interaction
from model.ranker import DEFAULT_WEIGHTS, FEATURES
from tests.fakes.bundle import random_bundle

DEFAULT = np.array([DEFAULT_WEIGHTS[name] for name in FEATURES])


def synthetic(truth: dict[str, float], n: int = 9000, candidates: int = 20, seed: int = 0) -> Requests:
    """Choices by a softmax over these true weights; features that it doesn't name are 0."""
    rng = np.random.default_rng(seed)
    features = np.zeros((n, candidates, len(FEATURES)), np.float32)
    for name in truth:
        features[:, :, FEATURES.index(name)] = rng.normal(0, 1, (n, candidates))
    weights = np.array([truth.get(name, 0.0) for name in FEATURES])
    chosen = np.argmax(features @ weights + rng.gumbel(size=(n, candidates)), axis=1)
    starts = np.arange(n + 1) * candidates
    return Requests(features.reshape(n * candidates, -1), starts, starts[:-1] + chosen)


def test_the_true_weights_are_found_and_what_never_differed_keeps_its_default() -> None:
    found = dict(zip(FEATURES, listwise(synthetic({"embedding": 1.5, "covisitation": 0.3})), strict=True))
    assert found["embedding"] == pytest.approx(1.5, abs=0.1)
    assert found["covisitation"] == pytest.approx(0.3, abs=0.1)
    assert {name: found[name] for name in FEATURES[2:]} == {name: DEFAULT_WEIGHTS[name] for name in FEATURES[2:]}


def test_nothing_counts_against_an_item_and_the_others_are_fitted_without_it() -> None:
    weights = listwise(synthetic({"embedding": 1.0, "trending": -0.5}))
    assert weights[FEATURES.index("trending")] == 0
    assert weights[0] == pytest.approx(1.0, abs=0.1)


def test_a_source_of_pure_noise_loses_its_say_and_unseen_choices_rank_better() -> None:
    truth = {"embedding": 0.0, "covisitation": 1.0, "content": 0.5}
    weights = listwise(synthetic(truth))
    late = synthetic(truth, seed=1)
    assert abs(weights[0]) < 0.15
    assert ndcg(late, weights) > ndcg(late, DEFAULT) + 0.1


def test_ties_count_against_the_chosen_one() -> None:
    same = Requests(np.zeros((4, len(FEATURES)), np.float32), np.array([0, 4]), np.array([0]))
    assert ndcg(same, DEFAULT) == pytest.approx(1 / np.log2(5))


def test_weights_that_rank_later_requests_worse_leave_the_defaults() -> None:
    early, late = synthetic({"embedding": -3.0}, n=8 * LEAST), synthetic({"embedding": 3.0}, n=2 * LEAST)
    turned = Requests(
        np.concatenate([early.features, late.features]),
        np.concatenate([early.starts, early.starts[-1] + late.starts[1:]]),
        np.concatenate([early.chosen, early.starts[-1] + late.chosen]),
    )
    found = fitted(turned)
    assert found.ndcg < found.default_ndcg
    assert found.weights == DEFAULT_WEIGHTS


def test_too_few_requests_leave_the_defaults() -> None:
    assert fitted(synthetic({"embedding": 1.0}, n=LEAST - 1)).weights == DEFAULT_WEIGHTS
    assert fitted(synthetic({"embedding": 3.0}, n=10 * LEAST)).weights != DEFAULT_WEIGHTS


def pairs(users: int, seed: int) -> list[Interaction]:
    """Whoever takes item 2k takes 2k + 1 next, which only co-visitation can know; the rest is chance."""
    rng = random.Random(seed)
    log = []
    for user in range(users):
        for place, pair in enumerate(rng.sample(range(20), 5)):
            for step in range(2):
                time = 1_700_000_000_000 + 60_000 * user + 2000 * place + 1000 * step
                item = f"i{2 * pair + step}"
                log.append(Interaction(event_id=f"{time}", time=time, user_id=f"u{user}", item_id=item, kind="like"))
    return log


def test_on_a_log_where_the_encoder_is_noise_co_visitation_takes_over() -> None:
    bundle, log = random_bundle(40), pairs(120, seed=3)
    found = fit_ranker(bundle, log[:800], log[800:])
    assert found.requests >= LEAST
    assert found.ndcg > found.default_ndcg + 0.1
    assert found.weights["covisitation"] > 3 * abs(found.weights["embedding"])


def test_the_same_seed_logs_the_same_requests() -> None:
    bundle, log = random_bundle(40), pairs(60, seed=3)
    first, second = (asyncio.run(logged(bundle, log[:400], log[400:], seed=1)) for _ in range(2))
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.chosen, second.chosen)


def test_features_are_as_they_were_at_the_time() -> None:
    bundle, log = random_bundle(40), pairs(60, seed=3)
    early = asyncio.run(logged(bundle, log[:400], log[400:402], seed=1))
    whole = asyncio.run(logged(bundle, log[:400], log[400:], seed=1))
    np.testing.assert_array_equal(early.features, whole.features[: len(early.features)])
