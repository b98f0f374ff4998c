"""Serving never fails because learning does: whatever is away, it answers with what it has and says why."""

import asyncio

import msgspec

from contracts.events import ItemEvent
from contracts.sharding import user_shard
from online.store.memory import MemoryStore
from online.store.protocol import ShardMeta, UserRecord
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import START, AwayStore, World, ids, took

BUNDLE = random_bundle(100, 1)
OTHER = random_bundle(100, 2)


class HangingStore(MemoryStore):
    """Answers after a minute."""

    async def user(self, user_id: str) -> tuple[ShardMeta, UserRecord | None]:
        await asyncio.sleep(60)
        return await super().user(user_id)


def test_without_a_bundle_what_is_trending_is_shown() -> None:
    async def scene() -> None:
        world = await World().begin()
        await world.learn(took("a", "i1"), took("b", "i1"), took("b", "i2"))
        answer = await world.ask("me")
        assert ids(answer) == ["i1", "i2"]
        assert answer.degraded == ["bundle: none was published yet"]
        assert answer.bundle == ""

    asyncio.run(scene())


def test_without_a_store_what_was_popular_is_shown() -> None:
    async def scene() -> None:
        away: object = AwayStore()
        world = World(BUNDLE, store=away)  # type: ignore[arg-type]  # it refuses whatever is asked
        await world.library.refresh()
        answer = await world.ask(n=100)
        assert len(answer.items) == 100
        assert any("popularity" in item.sources for item in answer.items)
        assert answer.watermark is None
        assert "store: Redis does not answer" in answer.degraded

    asyncio.run(scene())


def test_without_both_the_answer_is_empty_and_says_why() -> None:
    async def scene() -> None:
        away: object = AwayStore()
        world = World(store=away)  # type: ignore[arg-type]  # it refuses whatever is asked
        await world.library.refresh()
        answer = await world.ask()
        assert answer.items == []
        assert {reason.partition(":")[0] for reason in answer.degraded} == {"bundle", "items", "store"}
        assert world.impressions == []
        assert (await world.similar.similar("i1", 5)).items == []
        assert not (await world.profiler.profile("me")).known

    asyncio.run(scene())


def test_a_store_that_hangs_is_waited_for_no_longer_than_was_set() -> None:
    async def scene() -> None:
        world = World(BUNDLE, store=HangingStore(), timeout_s=0.05)
        await world.library.refresh()
        began = asyncio.get_running_loop().time()
        answer = await world.ask()
        assert asyncio.get_running_loop().time() - began < 10
        assert answer.items
        assert "store: it did not answer within 0.05 s" in answer.degraded

    asyncio.run(scene())


def test_a_state_whose_bundle_is_lost_is_made_again_for_the_current_one() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        fresh = await World(OTHER).begin()
        log = [took("me", f"i{number}") for number in range(12)]
        for one in (world, fresh):
            await one.learn(*log)
        world.shelf.add(OTHER)
        world.shelf.bundles.pop(BUNDLE.version)
        restarted = World(OTHER, store=world.memory)
        restarted.now = world.now
        restarted.shelf.damaged.add(BUNDLE.version)
        await restarted.library.refresh()
        answer = await restarted.ask()
        assert answer.bundle == OTHER.version
        assert f"bundle: the user is on {BUNDLE.version}, which can't be loaded" in answer.degraded[0]
        assert ids(answer) == ids(await fresh.ask())

    asyncio.run(scene())


def test_a_damaged_state_is_an_unknown_user_s_and_said() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        await world.learn(took("me", "i1"))
        users = world.memory._users[user_shard("me")]
        for record in (
            UserRecord(b"\x09?", b"", b""),
            users["me"]._replace(history=b"\x01\xff"),
            UserRecord(b"", b"", b""),
        ):
            users["me"] = record
            answer = await world.ask()
            assert answer.items
            assert any(reason.startswith("state: ") for reason in answer.degraded)

    asyncio.run(scene())


def test_a_silent_stream_and_its_lag_are_said() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        await world.learn(took("me", "i1"), took("you", "i1"))
        await world.beat(behind=1)
        world.now += 2000
        assert (await world.ask()).lag == 1
        world.now += 30_000
        assert any(r.startswith("stream: partition") and "32 s ago" in r for r in (await world.ask()).degraded)

    asyncio.run(scene())


def test_a_bundle_that_cannot_be_loaded_leaves_the_one_before_in_use() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        world.shelf.add(OTHER)
        world.shelf.damaged.add(OTHER.version)
        await world.library.refresh()
        answer = await world.ask()
        assert (answer.bundle, len(answer.items)) == (BUNDLE.version, 10)
        assert answer.degraded[0].startswith("bundle: the current one can't be loaded")
        loads = world.shelf.loads
        await world.library.refresh()
        assert world.shelf.loads == loads  # not again and again
        restarted = World(BUNDLE, OTHER)
        restarted.shelf.damaged.add(OTHER.version)
        await restarted.library.refresh()
        assert restarted.library.current.version == BUNDLE.version

    asyncio.run(scene())


def test_a_shelf_that_is_away_is_said_until_it_is_back() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        world.shelf.away = True
        await world.library.refresh()
        assert (await world.ask()).degraded == ["bundle: the shelf can't be read: the shelf is away"]
        world.shelf.away = False
        await world.library.refresh()
        assert (await world.ask()).degraded == []

    asyncio.run(scene())


def test_the_catalogue_s_changes_are_laid_over_every_bundle() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        event = ItemEvent(event_id="1", time=START, item_id="i3", title="Another title", categories=["war"], mood="😢")
        await world.put_items(event)
        world.shelf.add(OTHER)
        await world.library.refresh()
        for version in (BUNDLE.version, OTHER.version):
            catalogue = await world.library.catalogue(version)
            assert catalogue.item("i3").title == "Another title"
            assert catalogue.in_categories(["WAR"])[catalogue.row("i3")]
            assert catalogue.moods[catalogue.row("i3")][0] < 0
        await world.put_items(msgspec.structs.replace(event, withdrawn=True))
        assert world.library.current.withdrawn[world.library.current.row("i3")]

    asyncio.run(scene())
