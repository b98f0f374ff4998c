"""The ranker is learned from what was logged: sums and crossings are found, noise loses its say."""

import random

import msgspec
import numpy as np
import pytest

from batch.listwise import Units
from batch.logged import RequestLog, Requests, Share, log_requests
from batch.ranking import FEW, LEAST, SUMS, Fitted, fit_ranker, fitted, ndcg
from contracts.events import Context, Interaction
from model.ranker import DEFAULT_WEIGHTS, Ranker
from tests.fakes.bundle import random_bundle

NAMES = ("embedding", "covisited_10", "content", "history")


def synthetic(n: int, turned: bool = False, crossed: bool = False, seed: int = 0, candidates: int = 20) -> Requests:
    """Choices by a softmax: of covisited_10 or, crossed, of content: for it where the history is long, else against."""
    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (n, candidates, len(NAMES))).astype(np.float16)
    features[:, :, 3] = rng.choice([-1.0, 1.0], (n, 1))
    worth = 1.5 * features[:, :, 1].astype(np.float64)
    if crossed:
        worth = 2.0 * features[:, :, 2].astype(np.float64) * features[:, :, 3]
    chosen = np.argmax((-worth if turned else worth) + rng.gumbel(size=(n, candidates)), axis=1)
    starts = np.arange(n + 1) * candidates
    return Requests(NAMES, features.reshape(n * candidates, -1), starts, starts[:-1] + chosen)


def test_what_chose_is_found_and_noise_loses_its_say() -> None:
    found = fitted(synthetic(3000))
    late = synthetic(1000, seed=1)
    best = ndcg(late, Ranker(NAMES, np.array([0, 1, 0, 0], np.float32)))
    assert ndcg(late, found.ranker()) > best - 0.02
    assert ndcg(late, found.ranker()) > ndcg(late, Ranker(NAMES)) + 0.05


def test_a_network_is_taken_where_features_only_tell_together() -> None:
    found = fitted(synthetic(4000, crossed=True))
    assert found.kind == "network"
    assert found.ndcg["network"] > found.ndcg["linear"] + 0.1


def test_a_ranker_that_ranks_later_requests_worse_is_not_taken() -> None:
    early, late = synthetic(6 * LEAST, turned=True), synthetic(4 * LEAST, seed=1)
    both = Requests(
        NAMES,
        np.concatenate([early.features, late.features]),
        np.concatenate([early.starts, early.starts[-1] + late.starts[1:]]),
        np.concatenate([early.chosen, early.starts[-1] + late.chosen]),
    )
    found = fitted(both)
    assert found.kind == found.base
    assert found.ndcg["linear"] < found.ndcg[found.base]


def test_the_best_sum_is_what_is_learned_on_top_of() -> None:
    found = fitted(synthetic(LEAST - 1))
    assert found.kind == "ridge"
    assert found.base == max(found.sums, key=lambda name: found.sums[name])


def test_few_requests_change_the_weights_of_the_best_sum() -> None:
    few, later = synthetic(LEAST - 1), synthetic(4 * LEAST, seed=1)
    found = fitted(few)
    base = fitted(few, learn=False).ranker()
    assert ndcg(later, found.ranker()) > ndcg(later, base)


def test_nothing_is_learned_by_heart_from_counts_that_never_change() -> None:
    found = fitted(synthetic(LEAST + 100), learn=False)
    assert found.network is None
    assert found.kind in found.sums


def test_too_few_requests_leave_the_defaults() -> None:
    assert fitted(synthetic(FEW - 1)).kind == "default"


def test_what_never_differed_keeps_its_default_weight() -> None:
    requests = synthetic(1000)
    features = np.concatenate([requests.features, np.zeros((len(requests.features), 1), np.float16)], axis=1)
    found = fitted(Requests((*NAMES, "mood"), features, requests.starts, requests.chosen))
    assert found.kind != "default"
    scores = found.ranker().score(np.array([[0, 0, 0, 0, 0], [0, 0, 0, 0, 1]], np.float32))
    assert scores[1] - scores[0] == pytest.approx(Ranker(("mood",)).weights[0])


@pytest.mark.parametrize("learn", [True, False])
def test_nor_does_it_count_for_what_the_sum_would_give_it(learn: bool) -> None:
    requests = synthetic(1000)
    features = requests.features.copy()
    features[:, 3] = 0
    names = ("embedding", "taken_log", "content", "in_context")
    found = fitted(Requests(names, features, requests.starts, requests.chosen), learn=learn)
    assert SUMS[found.base]["in_context"] == 1.0
    assert found.weights[3] == DEFAULT_WEIGHTS["in_context"]


def test_a_fitted_ranker_survives_a_checkpoint() -> None:
    found = fitted(synthetic(500, crossed=True))
    again = msgspec.json.decode(msgspec.json.encode(found), type=Fitted).ranker()
    features = synthetic(5).features.astype(np.float32)
    np.testing.assert_array_equal(found.ranker().score(features), again.score(features))


def test_a_drawn_half_of_the_candidates_counts_for_all_of_them() -> None:
    requests = synthetic(300, candidates=100)
    units, everything = Units(requests, Ranker(NAMES)), np.arange(300)
    rng = np.random.default_rng(0)
    whole = float(units.loss(everything, lambda x, sums: sums))
    drawn = [float(units.loss(everything, lambda x, sums: sums, rng)) for _ in range(20)]
    assert len(set(drawn)) == 20
    assert sum(drawn) / 20 == pytest.approx(whole, rel=0.01)


def test_ties_count_against_the_chosen_one() -> None:
    same = Requests(NAMES, np.zeros((4, len(NAMES)), np.float16), np.array([0, 4]), np.array([0]))
    assert ndcg(same, Ranker(NAMES)) == pytest.approx(1 / np.log2(5))


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


def test_on_a_log_where_the_encoder_is_noise_what_follows_takes_over() -> None:
    bundle, log = random_bundle(40), pairs(120, seed=3)
    found = fit_ranker(bundle, log[:800], log[800:])
    assert found.requests >= LEAST
    assert max(found.ndcg.values()) > found.sums["default"] + 0.1


def test_the_same_log_gives_the_same_requests() -> None:
    bundle, log = random_bundle(40), pairs(60, seed=3)
    first, second = (log_requests(bundle, log[:400], log[400:]).requests() for _ in range(2))
    assert_same(first, second)


def assert_same(first: Requests, second: Requests) -> None:
    assert first.names == second.names
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.starts, second.starts)
    np.testing.assert_array_equal(first.chosen, second.chosen)


@pytest.mark.parametrize("rows", [6_000_000, 5000])
def test_shares_logged_apart_are_together_what_one_process_logs(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr("batch.logged.ROWS", rows)
    bundle, log = random_bundle(40), pairs(60, seed=3)
    whole, *shares = (
        log_requests(bundle, log[:400], log[400:], share=Share(n, of)) for n, of in ((0, 1), (0, 2), (1, 2))
    )
    assert all(len(share.requests()) < len(whole.requests()) for share in shares)
    assert_same(RequestLog.together(shares).requests(), whole.requests())


def test_features_are_as_they_were_at_the_time() -> None:
    bundle, log = random_bundle(40), pairs(60, seed=3)
    early = log_requests(bundle, log[:400], log[400:402]).requests()
    whole = log_requests(bundle, log[:400], log[400:]).requests()
    np.testing.assert_array_equal(early.features, whole.features[: len(early.features)])


def test_for_a_frozen_ranker_nothing_is_learned_in_between() -> None:
    bundle, log = random_bundle(40), pairs(60, seed=3)
    live, frozen = (log_requests(bundle, log[:400], log[400:], live=live).requests() for live in (True, False))
    history = live.names.index("history")
    assert live.features[:, history].max() > frozen.features[:, history].max()


def test_a_column_of_any_name_becomes_a_feature_and_is_learned() -> None:
    """What is taken depends on the price band alone, and everybody comes once."""
    rng = random.Random(0)
    log = []
    for number in range(1500):
        band, where = rng.randrange(4), rng.random()
        item = f"i{10 * band + int(10 * where)}"
        context = Context(extra={"price_band": f"band {band}"})
        time = 1_700_000_000_000 + 1000 * number
        log.append(Interaction(event_id=f"{number}", time=time, user_id=f"u{number}", item_id=item, context=context))
    found = fit_ranker(random_bundle(40), log[:700], log[700:])
    assert "context:price_band" in found.names
    assert max(found.ndcg.values()) > 0.42, "ten of forty items are in question: 0.45 is what can be known"
