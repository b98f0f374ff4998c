"""A later page goes on with the order of the first one, and neither orders nor what requests make up pile up."""

import asyncio
import gc
from weakref import ref

from contracts.events import ItemEvent
from online.answer.asked import Rules
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import START, World, ids, took


def test_every_page_s_impression_names_the_moment_of_the_order() -> None:
    async def scene() -> None:
        world = await World(random_bundle(50)).begin()
        await world.ask(n=5)
        made = world.now
        world.now += 60_000
        await world.ask(n=5, page=2)
        assert [impression.time for impression in world.impressions] == [made, made]

    asyncio.run(scene())


def test_an_order_holds_no_catalogue_and_its_next_page_still_has_titles() -> None:
    async def scene() -> None:
        world = await World(random_bundle(50)).begin()
        first = await world.ask(n=5)
        held = ref(world.library.current)
        new = ItemEvent(event_id="1", time=START, item_id="new", title="A night of love")
        await world.put_items(new)
        end = asyncio.get_running_loop().time() + 30
        while held() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)  # the thread that laid it out may be about to let go of it
            gc.collect()
        assert held() is None
        second = await world.ask(n=5, page=2)
        assert len(second.items) == 5
        assert all(item.title for item in second.items)
        assert not set(ids(first)) & set(ids(second))

    asyncio.run(scene())


def test_items_that_requests_make_up_are_shown_and_not_remembered() -> None:
    async def scene() -> None:
        world = await World(random_bundle(50)).begin()
        await world.learn(took("me", "i1"))
        await world.ask()
        known = len(world.recommender._numbers)
        for number in range(20):
            pins = [f"made up {number}", "i3", f"made up {number} too", "i1"]
            answer = await world.ask(rules=Rules(pin=pins, boost={f"nor this {number}": 99.0}))
            assert ids(answer)[:5] == [*pins, f"nor this {number}"]
            assert answer.items[0].sources == ["rule"]
        assert len(world.recommender._numbers) == known
        await world.learn(took("you", "made up 3"))
        world.now += 20_000
        assert "made up 3" in ids(await world.ask(n=50))
        assert ids(await world.ask(rules=Rules(pin=["made up 3", "made up 4"])))[:2] == ["made up 3", "made up 4"]

    asyncio.run(scene())
