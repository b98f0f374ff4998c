"""The evaluation counts by hand, leaks nothing, and says the same for the same seed."""

import random
from collections.abc import Sequence
from itertools import count

import msgspec
import numpy as np
import pytest

from batch.evaluate import MOST_OF_A_USER, Evaluation, evaluate
from batch.replay import Replay, UserEvent
from contracts.errors import Misconfigured
from contracts.events import Interaction
from model.bundle import Bundle
from online.answer.answered import Recommendations
from online.answer.asked import Ask
from tests.fakes.bundle import random_bundle

START = 900_000_000_000
BUNDLE = random_bundle(40)


def event(number: int, user: str, item: str) -> Interaction:
    return Interaction(event_id=f"e{number}", time=START + 1000 * number, user_id=user, item_id=item, kind="like")


def noise(n: int, seed: int = 0) -> list[Interaction]:
    rng = random.Random(seed)
    return [event(number, f"u{rng.randrange(8)}", f"i{rng.randrange(40)}") for number in range(n)]


def evaluated(log: Sequence[UserEvent], bundle: Bundle = BUNDLE, max_events: int | None = None) -> Evaluation:
    return evaluate(log, lambda head: bundle, dataset="test", max_events=max_events)


def test_every_event_is_foretold_from_exactly_the_events_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    learned_at: list[tuple[int, int]] = []
    ask = Replay.ask

    async def watched(self: Replay, asked: Ask, now: int) -> Recommendations:
        learned_at.append((self.learner.tally["applied"], now))
        return await ask(self, asked, now)

    monkeypatch.setattr(Replay, "ask", watched)
    log = noise(200)
    found = evaluated(log)
    frozen, whole = learned_at[: found.n_events], learned_at[found.n_events :]
    assert len(whole) == found.n_events
    assert {learned for learned, _ in frozen} == {160}
    assert all(log[learned].time == now for learned, now in whole)


def test_what_only_the_future_tells_gains_nothing() -> None:
    """Users take brand-new items, each item twice: the second taker can be told by the first, the first by nobody."""
    numbers = count()
    head = [event(next(numbers), f"u{user}", f"i{step}") for step in range(10) for user in range(8)]
    tail = [
        event(next(numbers), user, f"new{step}")
        for step in range(10)
        for user in (f"u{step % 8}", f"u{(step + 1) % 8}")
    ]
    found = evaluated(head + tail)
    assert found.n_events == 20
    assert found.systems["batch_only"]["hr@10"] == 0
    assert 0 < found.systems["whole"]["hr@10"] <= 0.5


def test_the_ranks_are_places_in_the_order_served(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = iter([["i1", "i2", "target"], ["target"], ["i1"], ["i1", "target", "i3"], ["target"], ["i1"]])

    async def ask(self: Replay, asked: Ask, now: int) -> Recommendations:
        items = [{"item_id": item, "score": 0.0 if item != "i1" else 1.0, "sources": []} for item in next(orders)]
        answer = {"request_id": "", "bundle": "", "user_id": asked.user_id, "page": 1, "items": items}
        return msgspec.convert(answer, Recommendations)

    monkeypatch.setattr(Replay, "ask", ask)
    tail = [event(100 + number, f"new{number}", "target") for number in range(3)]
    found = evaluated([*noise(12), *tail])
    # places 2, 0 and nowhere; then 2 (i3 is as good as the target), 0 and nowhere
    assert found.systems["batch_only"] == found.systems["whole"]
    assert found.systems["whole"]["ndcg@10"] == pytest.approx((1 / np.log2(4) + 1) / 3, abs=1e-5)


def test_the_same_log_gives_the_same_numbers_and_the_schema_is_as_stated() -> None:
    log = noise(200)
    first, second = (msgspec.to_builtins(evaluated(log)) for _ in range(2))
    assert {**first, "seconds": {}} == {**second, "seconds": {}}
    assert set(first["systems"]) == {"whole", "batch_only", "popularity"}
    assert {"dataset", "protocol", "n_events", "systems"} <= set(first)
    assert set(first["systems"]["whole"]) == {"hr@10", "ndcg@10", "mrr@10"}
    assert set(first["gained"]) == {"batch_only", "popularity"}


def test_a_shorter_replay_is_a_prefix_and_long_users_are_cut() -> None:
    assert evaluated(noise(200), max_events=7).n_events == 7
    one = [event(number, "u0" if number > 1600 else "u1", f"n{number}") for number in range(2050)]
    assert evaluated(one, max_events=None).n_events == MOST_OF_A_USER


def test_what_a_user_has_had_is_not_asked_for_again() -> None:
    again = [event(number, "u0", "i1") for number in range(100, 110)]
    with pytest.raises(Misconfigured, match="too short"):
        evaluated([event(number, "u0", f"i{number}") for number in range(40)] + again)
