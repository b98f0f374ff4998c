"""Answers from a listing are those from the same items in memory: numbers that are given late change nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from batch.nearest import with_index
from contracts.events import ItemEvent
from model import bundle as bundles
from model.bundle import Bundle, pack, unpack
from model.listing import Listing
from online.answer.asked import Ask, Rules, ToRank
from online.answer.library import Library
from online.answer.numbers import All, Numbers, Some
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import START, World, took

ITEMS = 400


@cache
def _bundles() -> tuple[Bundle, Bundle]:
    """The same with its items in memory and with a listing."""
    plain = with_index(random_bundle(ITEMS, hidden=8, dim=16), _queries, least=100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "EXACT", 100)
        listed = unpack(pack(plain))
    assert isinstance(listed.catalogue, Listing)
    return plain, listed


def _queries() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (100, 16)).astype(np.float32)


CHANGES = (
    ItemEvent(event_id="n1", time=START, item_id="new one", title="A new song", categories=["Music", "odd"]),
    ItemEvent(event_id="n2", time=START, item_id="i7", title="Another title", categories=["odd"]),
    ItemEvent(event_id="n3", time=START, item_id="i9", withdrawn=True),
)


async def _world(bundle: Bundle, *changes: ItemEvent) -> World:
    world = await World(bundle).begin()
    await world.learn(*(took("me", item) for item in ("i3", "i50", "nobody", "i7", "i399")))
    await world.learn(*(took(f"u{n % 5}", f"i{n * 7 % ITEMS}") for n in range(40)))
    world.now += 2000
    if changes:
        await world.put_items(*changes)
    return world


def _both(work: Callable[[World], Awaitable[Any]], *changes: ItemEvent) -> tuple[Any, Any]:
    async def one(bundle: Bundle) -> Any:
        return await work(await _world(bundle, *changes))

    plain, listed = _bundles()
    return asyncio.run(one(plain)), asyncio.run(one(listed))


@pytest.mark.parametrize("changes", [(), CHANGES])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"diversity": 0.0},
        {"mood": "happy"},
        {"categories": ["Comedy", "odd"]},
        {"categories": ["nothing has it"]},
        {"exclude": ["i5", "i6", "unheard of"]},
        {"rules": Rules(pin=["i123", "unheard of"], boost={"i200": 3.0, "new one": 1.0}, block=["i1"])},
        {"repeat": True},
    ],
)
def test_answers_are_those_from_items_in_memory(asked: dict[str, Any], changes: tuple[ItemEvent, ...]) -> None:
    async def work(world: World) -> list[tuple[str, str, float]]:
        found = await world.ask(n=20, **asked)
        return [(item.item_id, item.title, item.score) for item in found.items]

    plain, listed = _both(work, *changes)
    assert [one[:2] for one in listed] == [one[:2] for one in plain]
    np.testing.assert_allclose([one[2] for one in listed], [one[2] for one in plain], atol=1e-3)


def test_items_that_nobody_met_are_ranked_where_they_are_given() -> None:
    async def work(world: World) -> Any:
        asked = ToRank(user_id="me", items=["i300", "i301", "i3", "unheard of", "i9"])
        return await world.recommender.rank(asked)

    plain, listed = _both(work, *CHANGES)
    assert [one.item_id for one in listed.items] == [one.item_id for one in plain.items]
    assert listed.left_out == plain.left_out


def test_items_like_one_are_found() -> None:
    async def work(world: World) -> list[str]:
        return [item.item_id for item in (await world.similar.similar("i3", 10)).items]

    plain, listed = _both(work, *CHANGES)
    assert listed == plain
    assert len(listed) == 10


def test_what_changed_is_shown_as_it_is_now() -> None:
    async def work(world: World) -> tuple[list[str], set[str], str]:
        catalogue = world.library.current
        ids = catalogue.ids(np.flatnonzero(catalogue.shown(["odd"])).astype(np.int32))
        comedies = catalogue.ids(np.flatnonzero(catalogue.shown(["comedy"])).astype(np.int32))
        return sorted(ids), set(comedies), catalogue.item("i7").title

    plain, listed = _both(work, *CHANGES)
    assert listed == plain
    assert listed[0] == ["i7", "new one"]
    assert "i7" not in listed[1]
    assert listed[2] == "Another title"


def test_only_items_that_were_met_have_a_number() -> None:
    _, listed = _bundles()

    async def work() -> tuple[Library, Numbers]:
        world = await _world(listed)
        before = len(world.recommender._numbers)
        assert before < ITEMS // 2
        await world.ask(n=20)
        return world.library, world.recommender._numbers

    library, numbers = asyncio.run(work())
    placed = numbers.placed(library.current)
    assert isinstance(placed, Some)
    assert placed.items >= ITEMS
    rows = placed.rows
    known = np.flatnonzero(rows >= 2)
    assert library.current.ids(rows[known]) == numbers.ids[known].tolist()
    np.testing.assert_array_equal(placed.at(rows[known]), known)


def test_numbers_are_the_same_under_the_next_bundle() -> None:
    plain, listed = _bundles()

    async def work() -> None:
        world = await _world(listed)
        await world.ask(n=20)
        numbers = world.recommender._numbers
        before = numbers.ids.tolist()
        for bundle, kind in ((replace(listed, version="next"), Some), (replace(plain, version="small"), All)):
            world.shelf.add(bundle)
            await world.library.refresh()
            placed = numbers.placed(world.library.current)
            assert isinstance(placed, kind)
            assert numbers.ids[: len(before)].tolist() == before
            assert placed.rows[: len(before)].tolist() == [world.library.current.row(one) for one in before]

    asyncio.run(work())


def test_an_answer_names_what_only_the_request_knows() -> None:
    async def work(world: World) -> list[str]:
        asked = Ask(user_id="me", n=3, rules=Rules(pin=["made up"]))
        return [item.item_id for item in (await world.recommender.recommend(asked)).items]

    plain, listed = _both(work)
    assert listed == plain
    assert listed[0] == "made up"
