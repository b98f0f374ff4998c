"""What the bundle alone says of a user as they were when it was trained."""

from dataclasses import replace
from typing import Final

from contracts.events import ItemEvent
from model.bundle import Bundle, Watermark
from online.answer.answered import Untouched
from online.answer.as_trained import NO_BUNDLE, TRIMMED, AsTrained
from online.answer.view import Viewer
from online.store.state import HISTORY
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import PARTITIONS, START, AwayStore, World, in_loop, took

UNTIL: Final = START + 1000
BUNDLE: Final[Bundle] = replace(random_bundle(60, 3), watermark=Watermark(time=UNTIL, count=1))
EARLY: Final = ("i1", "i2", "i3")
LATER: Final = ("i4", "i5", "i6", "i7")


async def trained(world: World, user_id: str = "me", n: int = 10) -> Untouched:
    """The answer."""
    store = world.memory
    viewer = Viewer(store, world.library, world.enricher, PARTITIONS)
    return await AsTrained(viewer, world.clock, 5.0).answer(user_id, n)


def ids(answer: Untouched) -> list[str]:
    """What it shows."""
    return [item.item_id for item in answer.items]


@in_loop
async def test_what_was_done_since_has_no_part_in_it() -> None:
    world = await World(BUNDLE).begin()
    await world.learn(*(took("me", item, time=START) for item in EARLY))
    before = await trained(world)
    await world.learn(*(took("me", item, time=UNTIL + 1) for item in LATER))
    after = await trained(world)
    assert (before.events, before.since) == (3, 0)
    assert (after.events, after.since) == (3, 4)
    assert after.until == UNTIL
    assert after.items == before.items
    assert len(after.items) == 10
    assert not after.degraded


@in_loop
async def test_it_is_what_the_stream_had_come_to_by_then() -> None:
    """Another user who did the same and then nothing more, at that very moment, has the same embedding."""
    world = await World(BUNDLE).begin()
    await world.learn(*(took("me", item, time=START) for item in EARLY))
    await world.learn(*(took("you", item, time=START) for item in EARLY), *(took("you", "i9", time=UNTIL + 5),))
    assert (await trained(world, "me")).items == (await trained(world, "you")).items


@in_loop
async def test_what_was_had_by_then_is_left_out_and_what_came_later_is_not() -> None:
    world = await World(BUNDLE).begin()
    await world.learn(*(took("me", item, time=START) for item in EARLY))
    await world.learn(*(took("me", item, time=UNTIL + 1) for item in (*LATER, "i1")))
    shown = ids(await trained(world, n=100))
    assert not set(shown) & set(EARLY)
    assert set(LATER) <= set(shown)
    assert len(shown) == len(BUNDLE.catalogue) - len(EARLY)


@in_loop
async def test_all_newcomers_are_told_the_same_whatever_they_have_done_since() -> None:
    world = await World(BUNDLE).begin()
    await world.learn(took("me", "i4", time=UNTIL + 1))
    assert ids(await trained(world, "me")) == ids(await trained(world, "nobody"))


@in_loop
async def test_what_the_bundle_never_saw_and_what_was_withdrawn_are_not_there() -> None:
    world = await World(BUNDLE).begin()
    first = ids(await trained(world))[0]
    gone = ItemEvent(event_id="w", time=START, item_id=first, withdrawn=True)
    await world.put_items(gone, ItemEvent(event_id="n", time=START, item_id="new", title="New"))
    assert not {first, "new"} & set(ids(await trained(world, n=100)))


@in_loop
async def test_a_history_that_was_cut_off_says_so() -> None:
    world = await World(BUNDLE).begin()
    await world.learn(*(took("me", f"i{number % 50}", time=UNTIL + number) for number in range(HISTORY + 3)))
    assert TRIMMED in (await trained(world)).degraded


@in_loop
async def test_without_bundle_or_store_it_answers_and_says_why() -> None:
    bare = await trained(await World().begin())
    assert bare.degraded[-1:] == [NO_BUNDLE]
    assert not bare.items
    world = await World(BUNDLE).begin()
    viewer = Viewer(AwayStore(), world.library, world.enricher, PARTITIONS)
    away = await AsTrained(viewer, world.clock, 5.0).answer("me", 5)
    assert len(away.items) == 5
    assert away.degraded[0].startswith("store: ")
