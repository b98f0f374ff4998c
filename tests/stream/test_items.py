"""The items topic: changes reach the store, all else goes where it belongs."""

import asyncio

import msgspec
import pytest

from contracts import events
from contracts.errors import Fenced
from contracts.events import BundleChange, Interaction, ItemEvent, MoodEvent
from contracts.rollout import Rollout
from contracts.topics import DEAD_LETTER, EVENTS, ITEMS
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from stream.items import CatalogueKeeper
from tests.online.learn.logs import Box


def raws(*log: events.Record | bytes) -> list[Raw]:
    return [Raw(ITEMS, 0, at, 0, e if isinstance(e, bytes) else events.encode(e)) for at, e in enumerate(log)]


def item(title: str) -> ItemEvent:
    return ItemEvent(event_id=title, time=1, item_id="i", title=title)


def test_the_newest_content_wins_and_redelivery_changes_nothing() -> None:
    async def work() -> tuple[int, int]:
        store = MemoryStore()
        keeper = CatalogueKeeper(store, Box())
        await keeper.keep(0, "t", raws(item("old"), item("new")), 0)
        known, items = await store.items(-1)
        assert msgspec.json.decode(items["i"])["title"] == "new"
        await keeper.keep(0, "t", raws(item("old"), item("new")), 0)
        assert await keeper.start_at(0, "another") == 0
        return known, (await store.items(-1))[0]

    known, later = asyncio.run(work())
    assert known == later


def test_what_is_no_item_goes_to_the_events_or_is_set_aside() -> None:
    like = Interaction(event_id="a", time=1, user_id="u", item_id="i")
    change = BundleChange(event_id="c", time=1, rollout=Rollout("b"))
    box, store = Box(), MemoryStore()
    asyncio.run(CatalogueKeeper(store, box).keep(0, "t", raws(like, b"bad", b"", change, item("x")), 7))
    assert (box[0].topic, box[0].key) == (EVENTS, "u")
    assert [out.key for out in box if out.topic is DEAD_LETTER] == ["items/0/1", "items/0/2", "items/0/3"]
    assert asyncio.run(CatalogueKeeper(store, box).start_at(0, "t")) == 5


def test_a_store_that_lost_the_catalogue_is_noticed_when_idle_and_refuses_what_comes() -> None:
    async def work() -> None:
        store = MemoryStore()
        keeper = CatalogueKeeper(store, Box())
        await keeper.start_at(0, "t")
        await keeper.keep(0, "t", raws(item("one")), 0)
        assert await keeper.lost() == []
        keeper._store = emptied = MemoryStore()
        assert await keeper.lost() == [0]
        with pytest.raises(Fenced):
            await keeper.keep(0, "t", raws(item("one"), item("two"))[1:], 0)
        assert await emptied.items(-1) == (0, {})
        assert await keeper.start_at(0, "t") == 0
        keeper.own({1})
        assert await keeper.lost() == []

    asyncio.run(work())


def test_a_bug_of_ours_sets_the_record_aside_and_stops_no_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr("stream.items.replaced", broken)
    box, store = Box(), MemoryStore()
    mood = MoodEvent(event_id="m", time=1, user_id="u", mood="sad")
    asyncio.run(CatalogueKeeper(store, box).keep(0, "t", raws(mood, item("x")), 7))
    assert [(out.topic, out.key) for out in box] == [(DEAD_LETTER, "items/0/0")]
    assert list(asyncio.run(store.items(-1))[1]) == ["i"]
