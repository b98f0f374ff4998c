"""Items like another, and what is known of a user."""

import asyncio

from contracts.events import Alias, ItemEvent
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import START, World, felt, took

BUNDLE = random_bundle(100, 1)


def test_items_near_by_vector_and_taken_beside_it_are_similar() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        for user in ("a", "b", "c"):
            await world.learn(took(user, "i3"), took(user, "i60"))
        answer = await world.similar.similar("i3", 100, explain=True)
        found = {item.item_id: item for item in answer.items}
        assert "i3" not in found
        assert "covisitation" in found["i60"].sources
        assert any(item.sources == ["embedding"] for item in answer.items)
        scores = [item.score for item in answer.items]
        assert scores == sorted(scores, reverse=True)
        assert (answer.title, answer.degraded) == (BUNDLE.catalogue[3].title, [])

    asyncio.run(scene())


def test_an_unknown_item_gets_what_was_taken_beside_it_else_what_is_popular() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        await world.learn(took("a", "unheard of"), took("a", "i5"))
        answer = await world.similar.similar("unheard of", 5)
        assert [item.item_id for item in answer.items] == ["i5"]
        assert answer.degraded == ["item: nobody has described unheard of"]
        other = await world.similar.similar("never seen", 5)
        assert len(other.items) == 5
        assert {source for item in other.items for source in item.sources} == {"popularity"}

    asyncio.run(scene())


def test_withdrawn_items_are_like_nothing() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        first = (await world.similar.similar("i3", 1)).items[0].item_id
        await world.put_items(ItemEvent(event_id="1", time=START, item_id=first, withdrawn=True))
        assert first not in [item.item_id for item in (await world.similar.similar("i3", 100)).items]

    asyncio.run(scene())


def test_a_profile_tells_history_mood_and_freshness() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        await world.learn(took("me", "i3"), felt("me", "😊"), took("me", "unheard of", "dislike"))
        profile = await world.profiler.profile("me")
        assert (profile.known, profile.events, profile.seen, profile.mood) == (True, 3, 2, "happy")
        assert [one.kind for one in profile.history] == ["dislike", "mood", "like"]
        assert profile.history[2].title == BUNDLE.catalogue[3].title
        assert len(profile.embedding) == BUNDLE.encoder.dim
        await world.learn(Alias(event_id="al", time=START, user_id="anonymous", known_as="me"))
        assert (await world.profiler.profile("anonymous")).known_as == "me"
        assert not (await world.profiler.profile("nobody")).known

    asyncio.run(scene())
