"""An answer that is taken apart is the answer, and its parts add up."""

import asyncio
from typing import Any

import pytest

from contracts.rollout import Rollout
from online.answer.asked import Ask, Rules
from online.answer.made_of import FIRST, MadeOf
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World, felt, in_loop, took

BUNDLE = random_bundle(80, 1)


async def begun() -> World:
    world = await World(BUNDLE).begin()
    for item in range(0, 40, 3):
        await world.learn(took("me", f"i{item}"), took("ann", f"i{item}"), took("ann", f"i{item + 1}"))
    await world.learn(took("me", "i70", "dislike"), felt("me", "happy"))
    return world


async def made(world: World, **asked: Any) -> MadeOf:
    return await world.recommender.made_of(Ask(user_id="me", **asked))


@in_loop
async def test_it_is_the_answer_and_nothing_is_recorded_or_left() -> None:
    world = await begun()
    taken_apart = await made(world, n=5)
    assert not world.impressions
    answer = await world.ask(n=5)
    assert [item.item_id for item in taken_apart.items] == [item.item_id for item in answer.items]
    assert [item.score for item in taken_apart.items] == [item.score for item in answer.items]
    assert (taken_apart.bundle, taken_apart.watermark, taken_apart.mood) == (BUNDLE.version, answer.watermark, "happy")
    assert len(world.impressions) == 1


@in_loop
async def test_what_features_add_is_the_score() -> None:
    for item in (await made(await begun(), n=10)).items:
        assert sum(part.share for part in item.parts) == pytest.approx(item.score, abs=1e-4)
        shares = [abs(part.share) for part in item.parts]
        assert shares == sorted(shares, reverse=True)


@in_loop
async def test_sources_tell_what_they_brought_and_what_was_kept_out() -> None:
    found = await made(await begun(), n=5, exclude=["i1"], categories=["comedy"])
    sources = {source.source: source for source in found.sources}
    assert sources["covisitation"].found >= sources["covisitation"].ranked
    assert all(len(source.first) <= FIRST for source in found.sources)
    assert sources["embedding"].first[0].score is not None
    out = {one.why: one.items for one in found.kept_out}
    assert out["excluded or blocked by the request"] == 1
    assert out["turned down by the user"] == 1
    assert out["of other categories than were asked for"] > 0
    assert "withdrawn from the catalogue" not in out
    assert found.candidates > 0


@in_loop
async def test_rules_and_diversity_move_items_from_where_their_scores_would_put_them() -> None:
    world = await begun()
    plain = await made(world, n=10, diversity=0.0)
    assert [item.by_score for item in plain.items] == list(range(1, 11))
    last = plain.items[-1].item_id
    pinned = await made(world, n=10, diversity=0.0, rules=Rules(pin=[last]))
    assert (pinned.items[0].item_id, pinned.items[0].by_score) == (last, 10)
    assert "rule" in pinned.items[0].sources
    boosted = await made(world, n=10, rules=Rules(boost={last: 50.0}))
    assert boosted.items[0].parts[0].feature == "boost"
    assert boosted.items[0].parts[0].value is None


def test_a_user_of_whom_nothing_is_known_and_one_without_a_bundle() -> None:
    async def scene() -> None:
        nobody = await (await World(BUNDLE).begin()).recommender.made_of(Ask(user_id="nobody"))
        assert (nobody.events, nobody.last_event, nobody.canary) == (0, None, False)
        assert nobody.items
        bare = await (await World().begin()).recommender.made_of(Ask(user_id="me"))
        assert (bare.items, bare.bundle) == ([], "")

    asyncio.run(scene())


@in_loop
async def test_a_canary_is_told() -> None:
    world = await begun()
    other = random_bundle(80, 2)
    world.shelf.bundles[other.version] = other
    await world.put_users_on(Rollout(BUNDLE.version, canary=other.version, share=1.0))
    await world.learn(took("me", "i41"))
    assert (await made(world)).canary
