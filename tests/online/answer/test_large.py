"""Nothing jumps where a catalogue outgrows the exact search, and what the index estimates is near the truth."""

import asyncio
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from batch.nearest import RECALL, with_index
from contracts.events import ItemEvent
from model import scoring
from model.bundle import Bundle
from model.index import FIRST
from model.items import Item
from model.nearest import EXACT
from model.scoring import NEVER
from model.step import Encoder, Floats
from online.answer.catalogue import catalogue
from online.answer.likely import Nearby
from tests.fakes.bundle import random_bundle, random_parameters
from tests.online.answer.world import START, World, ids, took

DIM, HIDDEN = 16, 8


def test_answers_are_alike_on_both_sides_of_the_bound() -> None:
    below, above = _bundle(EXACT - 1), _bundle(EXACT + 1)
    assert below.lists is None
    assert above.lists is not None
    stated = above.metrics["index"]["recall@100"]
    assert stated >= RECALL
    exact, found = _answer(below), _answer(above)
    shared = exact.keys() & found.keys()
    assert len(shared) >= (stated - 0.05) * len(exact)
    for item in shared:
        assert found[item] == pytest.approx(exact[item], abs=0.2)


def test_the_estimated_denominator_is_near_the_true_one() -> None:
    bundle = _bundle(EXACT + 1)
    assert bundle.nearest
    items = catalogue(bundle, {})
    rows = np.arange(FIRST, len(items), dtype=np.int32)
    for embedding in _queries(20, seed=7):
        exact = scoring.log_softmax(scoring.scores(embedding[None], bundle.vectors, bundle.bias)[0, FIRST:])
        found = Nearby(items, embedding, bundle.nearest).of(rows)
        np.testing.assert_allclose(found, exact, atol=0.15)


def test_a_changed_catalogue_has_its_numbers_before_a_request_sees_it() -> None:
    seen: list[int] = []

    async def change() -> None:
        world = await World(random_bundle(20)).begin()
        world.library.prepares.append(lambda items: seen.append(len(items)))
        await world.put_items(ItemEvent(event_id="n", time=START, item_id="new"))

    asyncio.run(change())
    assert seen
    assert set(seen) == {20 + 1 + FIRST}


def _answer(bundle: Bundle) -> dict[str, float]:
    async def answer() -> dict[str, float]:
        world = await World(bundle).begin()
        await world.learn(*(took("me", f"i{number}") for number in (3, 500, 7)))
        world.now += 2000
        found = await world.ask(n=50, diversity=0)
        assert len(ids(found)) == 50
        return {item.item_id: item.score for item in found.items}

    return asyncio.run(answer())


@cache
def _bundle(items: int) -> Bundle:
    """Of the same items as far as they go; those past the bound are liked by nobody."""
    rng = np.random.default_rng(0)
    most = EXACT + 1
    vectors = np.concatenate([np.zeros((FIRST, DIM)), rng.normal(0, 0.3, (most, DIM))]).astype(np.float32)
    bias = np.concatenate([np.full(FIRST, NEVER), rng.normal(0, 1, most)]).astype(np.float32)
    bias[FIRST + EXACT - 1 :] = -50
    popularity = np.concatenate([np.zeros(FIRST), rng.exponential(1, most)]).astype(np.float32)
    popularity[FIRST + EXACT - 1 :] = 0
    rows = items + FIRST
    bundle = replace(
        random_bundle(20, hidden=HIDDEN, dim=DIM),
        version=f"of-{items}",
        catalogue=tuple(Item(f"i{number}") for number in range(items)),
        vectors=vectors[:rows],
        bias=bias[:rows],
        moods=np.zeros((rows, 2), np.float32),
        popularity=popularity[:rows],
        encoder=Encoder({**random_parameters(HIDDEN, DIM, 1), "vectors": vectors[:rows]}),
    )
    return with_index(bundle, lambda: _queries(100, seed=1))


def _queries(n: int, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 0.5, (n, DIM)).astype(np.float32)
