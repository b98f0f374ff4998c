"""The evaluation leaks nothing, says the same for the same seed, and its JSON is as docs/evaluate.md has it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pytest

from batch.dataset import UserEvent
from batch.evaluate import Evaluation, Protocol, Repeats
from batch.evaluate.jobs import OURS
from batch.measures import NAMES
from batch.replay import Replay
from model.bundle import Bundle
from online.answer.answered import Recommendations
from online.answer.asked import Ask
from online.answer.considered import Considered
from tests.batch.evaluate.logs import BUNDLE, Last, evaluated, event, noise
from tests.fakes.bundle import random_bundle

T = TypeVar("T")


def _watched(way: Callable[[Replay, Ask, int], Awaitable[T]], learned_at: list[tuple[int, int]]) -> object:
    async def watched(self: Replay, asked: Ask, now: int) -> T:
        learned_at.append((self.learned, now))
        return await way(self, asked, now)

    return watched


def test_every_event_is_foretold_from_exactly_the_events_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    learned_at: list[tuple[int, int]] = []
    for way in ("ask", "both"):
        monkeypatch.setattr(Replay, way, _watched(getattr(Replay, way), learned_at))
    log = noise(200)
    n = evaluated(log).n_events
    runs = dict(zip(OURS, (learned_at[start : start + n] for start in range(0, 4 * n, n)), strict=True))
    for name in ("whole", "whole_frozen_bundle", "history_live"):
        assert len(runs[name]) == n
        assert all(log[learned].time == now for learned, now in runs[name])
    assert {learned for learned, _ in runs["batch_only"]} == {160}


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
    assert found.systems["batch_only"]["hr@10"] == found.systems["history_live"]["hr@10"] == 0
    assert 0 < found.systems["whole"]["hr@10"] <= 0.5
    assert found.systems["last"]["hr@10"] == 0.5
    assert list(found.groups["known"]) == ["known user, new item"]


def test_the_ranks_are_places_in_the_order_served(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = iter([["i1", "i2", "target"], ["target"], ["i1"]] * 4)

    async def ask(self: Replay, asked: Ask, now: int) -> Recommendations:
        items = [{"item_id": item, "score": 0.0 if item != "i1" else 1.0, "sources": []} for item in next(orders)]
        answer = {"request_id": "", "bundle": "", "user_id": asked.user_id, "page": 1, "items": items}
        return msgspec.convert(answer, Recommendations)

    monkeypatch.setattr(Replay, "ask", ask)
    found = evaluated([*noise(12), *(event(100 + number, f"new{number}", "target") for number in range(3))])
    assert found.systems["batch_only"] == found.systems["whole"]
    assert found.systems["whole"]["ndcg@10"] == pytest.approx((1 / np.log2(4) + 1) / 3, abs=1e-5)


@pytest.mark.parametrize("repeats", ["kept", "collapsed"])
def test_where_items_repeat_what_was_had_is_served_again(repeats: Repeats) -> None:
    """Everybody goes round three items of their own."""
    log = [event(number, f"u{number % 5}", f"i{number % 5}-{number // 5 % 3}") for number in range(300)]
    found = evaluated(log, Protocol(retrain="never", repeats=repeats))
    assert found.n_events == 60
    assert found.systems["whole"]["hr@10"] == found.systems["source:again"]["hr@5"] == 1
    assert evaluated(noise(100)).systems["source:again"]["hr@10"] == 0


def test_the_order_by_score_is_what_is_served_without_diversity(monkeypatch: pytest.MonkeyPatch) -> None:
    both = Replay.both

    async def undiversified(self: Replay, asked: Ask, now: int) -> tuple[Recommendations, Considered]:
        return await both(self, msgspec.structs.replace(asked, diversity=0), now)

    monkeypatch.setattr(Replay, "both", undiversified)
    found = evaluated(noise(300))
    assert found.systems["without_diversity"] == found.systems["whole_frozen_bundle"]
    assert found.diversity_cost["ndcg@10"] == (0, 0, 0)


def test_retraining_sees_what_was_scored_and_nothing_later() -> None:
    seen: list[tuple[Bundle, Sequence[UserEvent]]] = []
    others = [random_bundle(40, seed) for seed in (1, 2)]

    def retrain(bundle: Bundle, log: Sequence[UserEvent]) -> Bundle:
        seen.append((bundle, log))
        return others[len(seen) - 1]

    log = [event(number, f"u{number % 8}", f"i{number // 8}") for number in range(200)]
    found = evaluated(log, Protocol(retrain="every=15"), retrain)
    assert found.n_events == 40
    assert [len(log) for _, log in seen] == [175, 190]
    assert all(list(part) == log[: len(part)] for _, part in seen)
    assert [bundle for bundle, _ in seen] == [BUNDLE, others[0]]
    assert found.bundles == {15: others[0].version, 30: others[1].version}
    assert "every 15 scored events" in found.protocol


def test_a_fine_tune_that_was_no_gain_is_not_published() -> None:
    assert evaluated(noise(200), Protocol(retrain="every=9")).bundles == {}


def test_the_same_log_gives_the_same_numbers_and_another_seed_other_ties() -> None:
    log = [event(number // 20, f"u{number % 8}", f"i{number % 37}") for number in range(200)]
    log = [msgspec.structs.replace(one, event_id=f"e{number}") for number, one in enumerate(log)]
    first, second, other = (
        {**msgspec.to_builtins(evaluated(log, Protocol(retrain="never", seed=seed))), "seconds": {}}
        for seed in (0, 0, 1)
    )
    assert first == second
    assert first["systems"] != other["systems"]


def test_the_json_is_as_the_document_has_it() -> None:
    found = msgspec.json.decode(msgspec.json.encode(evaluated(noise(200))))
    assert list(found) == [
        "schema",
        "dataset",
        "protocol",
        "chosen",
        "bundle",
        "bundles",
        "n_events",
        "n_users",
        "n_items",
        "new_users",
        "systems",
        "intervals",
        "gained",
        "freshness",
        "groups",
        "candidates",
        "diversity_cost",
        "seconds",
    ]
    assert {"whole", "whole_frozen_bundle", "without_diversity", "history_live", "batch_only", "last"} <= set(
        found["systems"]
    )
    assert tuple(found["systems"]["whole"]) == (*NAMES, "coverage@10", "diversity@10")
    assert {"hr@10", "ndcg@10", "mrr@10", "precision@5", "recall@5", "f1@20", "map@20"} <= set(NAMES)
    assert set(found["intervals"]) == set(found["systems"]) == {"whole", *found["gained"]}
    assert len(found["gained"]["last"]["hr@10"]) == 3
    assert set(found["chosen"]) == {"trained", "most_of_a_user", "repeats", "retrain", "max_events", "seed"}
    assert [stage["system"] for stage in found["freshness"]] == [
        "batch_only",
        "history_live",
        "whole_frozen_bundle",
        "whole",
    ]
    assert list(found["groups"]) == ["known", "history", "popularity", "gap"]
    group = next(iter(found["groups"]["known"].values()))
    assert set(group) == {"n_events", "n_users", "systems", "intervals"}
    assert set(group["systems"]["whole"]) == {"hr@10", "ndcg@10"}
    assert set(found["candidates"]) == {"recall", "recall@200"}
    assert isinstance(msgspec.json.decode(msgspec.json.encode(found), type=Evaluation), Evaluation)


def test_the_document_names_every_key_system_and_metric() -> None:
    said = (Path(__file__).parents[3] / "docs" / "evaluate.md").read_text()
    found = msgspec.to_builtins(evaluated(noise(100)))
    words = set(re.findall(r"`([a-z0-9_@]+)`", said))
    assert {*found, *found["chosen"], *found["groups"], *found["candidates"], *found["freshness"][0]} <= words
    assert {name for name in found["systems"] if name != "last" and ":" not in name} <= words
    assert {name for name in found["systems"]["whole"] if name.endswith("@10")} <= words


def test_a_baseline_of_any_name_can_take_part() -> None:
    assert list(evaluated(noise(100), baselines=[Last]).seconds) == ["train", *OURS, "last"]
