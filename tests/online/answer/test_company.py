"""Items that the bundle learned nothing of: what stands beside them says whom they are for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from batch.nearest import with_index
from contracts.errors import StoreUnavailable
from contracts.events import ItemEvent
from model.bundle import Bundle
from model.index import FIRST
from model.nearest import EXACT
from model.ranker import FEATURES
from online.answer.asked import Ask
from online.answer.shortlist import FEW
from online.store.protocol import Counter, Store
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import START, World, in_loop, took

ONE, OTHER = np.eye(2, 16, dtype=np.float32)
OF_A_KIND = 10


def bundle(items: int = 60) -> Bundle:
    """Its first items are of one kind, the next of another; the rest of any."""
    found = random_bundle(items, 1)
    vectors = found.vectors.copy()
    vectors[FIRST : FIRST + OF_A_KIND] = ONE
    vectors[FIRST + OF_A_KIND : FIRST + 2 * OF_A_KIND] = OTHER
    found = replace(found, vectors=vectors)
    return with_index(found, lambda: np.random.default_rng(0).normal(0, 0.5, (100, 16)).astype(np.float32))


async def begun(items: int = 60) -> World:
    """Two items that nobody described, each taken by three who took items of one kind before; `me` likes the first."""
    world = await World(bundle(items)).begin()
    for user in range(3):
        await world.learn(*(took(f"a{user}", f"i{n}") for n in range(user, user + 4)), took(f"a{user}", "new-one"))
        await world.learn(*(took(f"b{user}", f"i{OF_A_KIND + n}") for n in range(4)), took(f"b{user}", "new-other"))
    await world.learn(took("me", f"i{OF_A_KIND - 1}"), took("me", f"i{OF_A_KIND - 2}"))
    return world


async def feature(world: World, name: str, user_id: str = "me") -> dict[str, float]:
    """The candidates' values of one feature."""
    found = await world.recommender.considered(Ask(user_id=user_id))
    return dict(zip(found.ids, found.features[:, FEATURES.index(name)].tolist(), strict=True))


@pytest.mark.parametrize("items", [60, FEW + 100, EXACT + 100])
def test_an_item_that_came_later_is_like_what_its_takers_took_before(items: int) -> None:
    @in_loop
    async def see() -> None:
        world = await begun(items)
        await world.put_items(ItemEvent(event_id="n", time=START, item_id="new-one"))
        likeness = await feature(world, "content")
        assert likeness["new-one"] == pytest.approx(1)
        assert likeness["new-other"] == pytest.approx(0)

    see()


@in_loop
async def test_the_encoder_holds_it_as_likely_as_an_average_item_of_that_kind() -> None:
    world = await begun()
    likely = await feature(world, "embedding")
    known = bundle()
    lift = known.bias[FIRST:].mean() - known.bias[FIRST + OF_A_KIND - 3]
    assert likely["new-one"] == pytest.approx(likely[f"i{OF_A_KIND - 3}"] + lift, abs=0.05)
    assert "embedding" in (await world.found())["new-one"].sources


@in_loop
async def test_a_user_who_took_nothing_but_new_items_has_a_taste_all_the_same() -> None:
    world = await begun()
    await world.learn(took("newcomer", "new-one"))
    likeness = await feature(world, "content", "newcomer")
    assert likeness["i0"] == pytest.approx(1, abs=1e-3)
    assert likeness["new-other"] == pytest.approx(0, abs=1e-3)


@in_loop
async def test_content_speaks_until_there_is_company() -> None:
    world = await begun()
    title = bundle().catalogue[20].title
    await world.put_items(*(ItemEvent(event_id=i, time=START, item_id=i, title=title) for i in ("new-one", "untaken")))
    likeness = await feature(world, "content")
    assert likeness["new-one"] == pytest.approx(1, abs=0.05)
    assert abs(likeness["untaken"]) < 0.9


@in_loop
async def test_what_the_bundle_learned_of_keeps_its_vector() -> None:
    world = await begun()
    before = (await feature(world, "content"))["i30"]
    await world.learn(*(took(f"a{user}", "i30") for user in range(3)))
    assert (await feature(world, "content"))["i30"] == before


class Forgetful:
    """A store that doesn't answer when it's asked for what stands beside one item."""

    inner: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def changed_counts(self, counters: Sequence[Counter], n: int, versions: Sequence[int]) -> Any:
        if any(counter.name == "new-one" for counter in counters):
            raise StoreUnavailable("Redis does not answer")
        return await self.inner.changed_counts(counters, n, versions)


@in_loop
async def test_where_company_cannot_be_read_all_else_that_was_read_counts() -> None:
    store = Forgetful()
    world = World(bundle(), store=cast("Store", store))
    store.inner = world.memory
    await (await world.begin()).learn(*(took("a", item) for item in ("i0", "new-one")), took("me", "i0"))
    answer = await world.ask(n=50)
    assert any("Redis does not answer" in reason for reason in answer.degraded)
    assert any("covisitation" in item.sources for item in answer.items)


@in_loop
async def test_company_without_a_vector_tells_nothing() -> None:
    world = await World(bundle()).begin()
    await world.learn(took("a", "new-one"), took("a", "new-other"), took("me", "i0"))
    likeness = await feature(world, "content")
    assert likeness["new-one"] == likeness["new-other"] == 0
