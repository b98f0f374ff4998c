"""Items that a service brings itself are worth what recommendations hold them to be worth, and none is lost."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from contracts.events import Context, ItemEvent
from model.bundle import Bundle
from model.ranker import FEATURES, Ranker
from online.answer import likely, scene
from online.answer.answered import Ranking
from online.answer.asked import ToRank
from tests.fakes.bundle import random_bundle, random_network
from tests.online.answer.world import START, AwayStore, World, felt, ids, took

PLAIN = random_bundle(300, 1)
FITTED = replace(PLAIN, ranker=Ranker(FEATURES, network=random_network(len(FEATURES))))
EVERYTHING = [*(f"i{number}" for number in range(300)), "new", "undescribed"]
ASKS: list[dict[str, Any]] = [
    {},
    {"mood": "sad"},
    {"context": Context(place="Rome", device="phone")},
    {"repeat": True},
    {"user_id": "nobody"},
]


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


async def begun(*bundles: Bundle) -> World:
    """Users who took this and that, one of them what nobody has described, and a catalogue that changed."""
    world = await World(*bundles).begin()
    log = [took(f"u{number % 9}", f"i{number * number % 170}") for number in range(120)]
    mine = [took("me", f"i{number}") for number in (3, 50, 7, 3)]
    await world.learn(*log, *(took(f"u{n}", "undescribed") for n in range(5)), *mine, took("me", "i12", "dislike"))
    await world.learn(felt("me", "calm"))
    new = ItemEvent(event_id="n", time=START, item_id="new", title="A night of love", categories=["comedy"])
    gone = ItemEvent(event_id="g", time=START, item_id="i9", withdrawn=True)
    await world.put_items(new, gone)
    await world.beat()
    world.now += 2000
    return world


async def ranked(world: World, items: list[str], user_id: str = "me", **asked: Any) -> Ranking:
    return await world.recommender.rank(ToRank(user_id=user_id, items=items, **asked))


@pytest.mark.parametrize("bundle", [PLAIN, FITTED], ids=["default", "fitted"])
@pytest.mark.parametrize("asked", ASKS, ids=range(len(ASKS)))
def test_what_is_recommended_is_ranked_with_the_same_scores_to_the_bit(bundle: Bundle, asked: dict[str, Any]) -> None:
    async def scene() -> None:
        world = await begun(bundle)
        shown = await world.ask(diversity=0.0, explain=True, **asked)
        same = await ranked(world, ids(shown)[::-1], explain=True, **asked)
        for own, its in zip(same.items, shown.items, strict=True):
            assert (own.item_id, own.score, own.sources, own.parts) == (its.item_id, its.score, its.sources, its.parts)
        crowd = await ranked(world, EVERYTHING, explain=True, **asked)
        scores = {item.item_id: (item.score, item.parts) for item in crowd.items}
        for item in shown.items:
            assert scores[item.item_id] == (item.score, item.parts)
        assert (same.mood, same.bundle, same.watermark, same.age_ms, same.lag, same.degraded) == (
            shown.mood, shown.bundle, shown.watermark, shown.age_ms, shown.lag, shown.degraded,
        )  # fmt: skip

    run(scene())


@pytest.mark.parametrize("bundle", [PLAIN, FITTED], ids=["default", "fitted"])
def test_an_items_score_does_not_depend_on_what_else_is_given(bundle: Bundle) -> None:
    async def scene() -> None:
        world = await begun(bundle)
        together = {item.item_id: item for item in (await ranked(world, [f"i{n}" for n in range(300)])).items}
        assert any(not item.sources for item in together.values())
        for number in range(0, 300, 20):
            (alone,) = (await ranked(world, [f"i{number}"])).items
            assert alone.score == pytest.approx(together[alone.item_id].score, abs=1e-4)

    run(scene())


def test_an_order_is_best_first_and_equal_ones_stay_as_they_were_given() -> None:
    async def scene() -> None:
        world = await World(random_bundle(2)).begin()
        twins = [ItemEvent(event_id=name, time=START, item_id=name, title="Twin") for name in "abcdefgh"]
        await world.put_items(*twins)
        for given in ("cabhgdef", "fedghbac"):
            answer = await ranked(world, ["i0", *given, "i1"])
            assert [item.item_id for item in answer.items if len(item.item_id) == 1] == list(given)
            scores = [item.score for item in answer.items]
            assert scores == sorted(scores, reverse=True)

    run(scene())


def test_each_place_of_the_list_is_ranked_or_left_out_with_its_reason() -> None:
    async def scene() -> None:
        world = await begun(PLAIN)
        answer = await ranked(world, ["i1", "who", "i9", "new", "i1", "undescribed", "who"])
        assert {item.item_id for item in answer.items} == {"i1", "new", "undescribed"}
        assert [(one.index, one.item_id, one.reason) for one in answer.left_out] == [
            (1, "who", "nothing is known of it"),
            (2, "i9", "withdrawn"),
            (4, "i1", "given already, at index 0"),
            (6, "who", "given already, at index 1"),
        ]
        assert answer.degraded == []

    run(scene())


def test_what_came_after_the_bundle_and_what_only_counts_know_is_worth_what_recommendations_say() -> None:
    async def scene() -> None:
        world = await begun(FITTED)
        # ranks are among the candidates of a request for ten items
        found = {item.item_id: item for page in range(1, 30) for item in (await world.ask(page=page)).items}
        answer = await ranked(world, ["undescribed", "new"])
        assert {item.item_id: item.score for item in answer.items} == {
            name: found[name].score for name in ("undescribed", "new")
        }
        assert next(item for item in answer.items if item.item_id == "new").title == "A night of love"

    run(scene())


def test_who_merely_asks_makes_no_item_known() -> None:
    async def scene() -> None:
        world = await begun(PLAIN)
        await world.ask()
        numbered = len(world.recommender._numbers)
        for _ in range(2):
            assert len((await ranked(world, [f"made up {n}" for n in range(100)])).left_out) == 100
        assert len(world.recommender._numbers) == numbered

    run(scene())


def test_what_the_user_had_is_flagged_and_ranked_all_the_same() -> None:
    async def scene() -> None:
        world = await begun(PLAIN)
        answer = await ranked(world, ["i3", "i12", "i20", "i50"])
        assert {item.item_id: item.seen for item in answer.items} == {
            "i3": True,
            "i12": True,
            "i20": False,
            "i50": True,
        }
        again = (await ranked(world, ["i3"], explain=True)).items[0].parts or {}
        assert again["again"] > 0

    run(scene())


def test_a_mood_and_a_token_change_the_order() -> None:
    async def scene() -> None:
        world = await begun(PLAIN)
        items = [f"i{number}" for number in range(60)]
        plain = await ranked(world, items)
        scared = await ranked(world, items, mood="😱")
        assert scared.mood == "scared"
        assert [item.item_id for item in scared.items] != [item.item_id for item in plain.items]
        token = world.token("me", world.sent(took("me", "i20")))
        ahead = await ranked(world, items, token=token)
        assert ahead.folded == 1
        assert next(item for item in ahead.items if item.item_id == "i20").seen
        assert [item.item_id for item in ahead.items] != [item.item_id for item in plain.items]
        assert (await ranked(world, items, mood="flabbergasted")).degraded[0].startswith("mood: nobody knows")

    run(scene())


def test_nothing_is_recorded() -> None:
    async def scene() -> None:
        world = await begun(PLAIN)
        await ranked(world, ["i1", "i2"])
        assert world.impressions == []

    run(scene())


def test_probabilities_are_those_of_recommendations_at_the_same_places() -> None:
    async def scene() -> None:
        world = await begun(PLAIN)
        assert (await ranked(world, ["i1"])).items[0].probability is None
        for number in range(60):
            answer = await world.ask(f"v{number}")
            await world.learn(world.impressions[-1], took(f"v{number}", answer.items[0].item_id))
            world.now += 3_600_000
            await world.learn(took(f"v{number}", "i1", time=world.now))
        world.now += 2000
        shown = await world.ask(diversity=0.0)
        same = await ranked(world, ids(shown))
        assert [item.probability for item in same.items] == [item.probability for item in shown.items]
        assert all(item.probability for item in same.items)

    run(scene())


def test_without_store_or_bundle_or_both_it_ranks_by_what_there_is_and_says_why() -> None:
    async def scene() -> None:
        away: Any = AwayStore()
        world = World(FITTED, store=away)
        await world.library.refresh()
        answer = await ranked(world, ["i1", "i2", "undescribed"])
        assert {item.item_id for item in answer.items} == {"i1", "i2"}
        assert "store: Redis does not answer" in answer.degraded
        assert answer.watermark is None
        counts = await begun()
        assert {item.item_id for item in (await ranked(counts, ["undescribed", "new"])).items} == {"undescribed", "new"}
        neither = World(store=away)
        await neither.library.refresh()
        nothing = await ranked(neither, ["i1"])
        assert (nothing.items, len(nothing.left_out)) == ([], 1)
        assert {reason.partition(":")[0] for reason in nothing.degraded} == {"bundle", "items", "store"}

    run(scene())


def test_who_has_seen_everything_is_told_nothing_of_it() -> None:
    async def scene() -> None:
        world = await World(random_bundle(5, 1)).begin()
        await world.learn(*(took("me", f"i{number}") for number in range(5)))
        answer = await ranked(world, ["i0", "i1"])
        assert [item.seen for item in answer.items] == [True, True]
        assert answer.degraded == []
        shown = {item.item_id: item.score for item in (await world.ask()).items}
        assert all(item.score == shown[item.item_id] for item in answer.items)

    run(scene())


@pytest.mark.parametrize("bundle", [PLAIN, FITTED], ids=["default", "fitted"])
def test_in_a_large_catalogue_what_is_on_no_shortlist_is_ranked_and_changes_no_other_score(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle
) -> None:
    items = [*EVERYTHING, "who"]

    async def scores() -> dict[str, float]:
        return {item.item_id: item.score for item in (await ranked(await begun(bundle), items)).items}

    exact = asyncio.run(scores())
    monkeypatch.setattr(scene, "FEW", 30)
    monkeypatch.setattr(likely, "EXACT", 30)
    assert asyncio.run(scores()) == pytest.approx(exact, abs=1e-3)

    async def alike() -> None:
        world = await begun(bundle)
        shown = await world.ask(diversity=0.0)
        crowd = {item.item_id: item.score for item in (await ranked(world, items)).items}
        for item in shown.items:
            assert crowd[item.item_id] == pytest.approx(item.score, abs=1e-4)

    run(alike())
