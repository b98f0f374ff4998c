"""What everybody takes: frozen, online, and in a context."""

import random

from batch.baselines.baseline import Baseline, Items
from batch.baselines.popularity import OnlinePopularity, Popularity
from batch.baselines.popularity_in_context import PopularityInContext
from contracts.events import Context
from tests.batch.baselines.logs import event, taken

RAIN, SUN = Context(extra={"weather": "rain"}), Context(extra={"weather": "sun"})


def ranked(baseline: Baseline, items: Items, context: Context | None = None) -> str:
    found = baseline.scores("anybody", 0, context)
    return "".join(sorted(items.ids, key=lambda item: -found[items.row(item)]))


def test_frozen_popularity_stays_and_the_online_one_moves() -> None:
    for make, after in ((Popularity, "abc"), (OnlinePopularity, "cab")):
        items, baseline = Items("abc"), make()
        baseline.fit(taken("u aab", "v aab"), items)
        for one in taken("w ccccc", start=100):
            baseline.learn(one)
        assert ranked(baseline, items) == after


def test_where_items_live_shortly_online_popularity_forgets_soon() -> None:
    items, baseline = Items(""), OnlinePopularity()
    rng = random.Random(0)
    baseline.fit([event(n, f"u{n}", f"{n // 100}-{rng.randrange(20)}") for n in range(3000)], items)
    shares = baseline.scores("anybody", 0, None)
    assert sum(shares[items.row(f"29-{n}")] for n in range(20)) > 0.9


def test_where_items_stay_online_popularity_remembers() -> None:
    items, baseline = Items(""), OnlinePopularity()
    rng = random.Random(0)
    baseline.fit([event(n, f"u{n}", f"i{int(60 * rng.random() ** 2)}") for n in range(3000)], items)
    shares = baseline.scores("anybody", 0, None)
    assert all(shares[items.row(f"i{n}")] > shares[items.row(f"i{n + 30}")] for n in range(10))


def test_newer_events_count_more() -> None:
    items, baseline = Items("ab"), Popularity()
    baseline.fit(taken("u " + "a" * 500, "v " + "b" * 490), items)
    assert ranked(baseline, items) == "ba"


def test_a_context_turns_the_order_and_an_unknown_one_backs_off_to_all() -> None:
    items, baseline = Items("abc"), PopularityInContext()
    rain = [event(n, f"u{n}", "b", context=RAIN) for n in range(30)]
    sun = [event(n, f"u{n}", "a", context=SUN) for n in range(30, 70)]
    baseline.fit([*rain, *sun, event(99, "u", "c")], items)
    assert ranked(baseline, items) == "abc"
    assert ranked(baseline, items, SUN) == "abc"
    assert ranked(baseline, items, RAIN) == "bac"
    assert ranked(baseline, items, Context(extra={"weather": "hail"})) == "abc"


def test_an_address_or_a_request_is_no_context() -> None:
    items, baseline = Items("ab"), PopularityInContext()
    alone = Context(ip="192.0.2.1", request_id="r", user_agent="x")
    baseline.fit([*[event(n, "u", "a") for n in range(5)], *[event(9, "u", "b", context=alone)] * 4], items)
    assert ranked(baseline, items, alone) == "ab"
