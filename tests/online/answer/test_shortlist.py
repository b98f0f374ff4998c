"""With a large catalogue, answers from a shortlist and an index are those that all items would give."""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from batch.nearest import clustered
from contracts.events import Context, ItemEvent
from model.bundle import Bundle
from model.nearest import Lists
from online.answer import likely, scene
from online.answer.answered import Recommendations, Recommended
from online.answer.asked import Ask, Rules
from online.answer.considered import Considered
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import START, World, felt, ids, took

BUNDLE = random_bundle(n_items=600, hidden=8, dim=4)
LISTS = clustered(BUNDLE.vectors, BUNDLE.bias, seed=0)
WHOLE = replace(BUNDLE, lists=replace(LISTS, probes=len(LISTS.centres)))
"""Reads every list, so its recall is 1."""

ASKS: list[dict[str, Any]] = [
    {},
    {"n": 100, "page": 3},
    {"mood": "happy"},
    {"mood": "sad", "explain": True},
    {"categories": ["comedy", "war"]},
    {"repeat": True},
    {"exclude": [f"i{number}" for number in range(0, 600, 3)]},
    {"rules": Rules(pin=["i5", "nobody-knows"], boost={"i7": 3.0}, block=["i9"])},
    {"context": Context(place="Rome", device="phone"), "novelty": 0.5},
    {"user_id": "nobody"},
    {"user_id": "full"},
]


@pytest.mark.parametrize("bundle", [BUNDLE, WHOLE], ids=["exact", "index"])
@pytest.mark.parametrize("asked", ASKS, ids=range(len(ASKS)))
def test_a_shortlist_with_a_perfect_search_answers_as_all_items_do(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], bundle: Bundle
) -> None:
    exact, listed = _answered(BUNDLE, asked)
    _small(monkeypatch)
    found, shortlisted = _answered(bundle, asked)
    assert ids(found) == ids(exact)
    assert [item.sources for item in found.items] == [item.sources for item in exact.items]
    # the denominator is summed whole here: no more items than the head and the sample
    np.testing.assert_allclose([i.score for i in found.items], [i.score for i in exact.items], atol=1e-4)
    assert shortlisted.found.keys() == listed.found.keys()
    for source in shortlisted.found.keys() - {"embedding", "mood"}:  # by an index, the order of equals is another
        assert shortlisted.found[source] == listed.found[source], source


def test_without_a_bundle_too(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = _found()
    _small(monkeypatch)
    assert list(_found()) == list(exact)


def test_an_item_that_came_after_the_bundle_is_found_though_no_index_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _small(monkeypatch)
    found = _found(WHOLE)
    assert "new-3" in found
    assert "fresh" in found["new-3"].sources
    assert "gone" not in found


def test_what_no_item_of_the_catalogue_is_is_recommended_by_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    _small(monkeypatch)
    assert "trending" in _found(WHOLE)["undescribed"].sources


def test_an_index_that_reads_few_lists_changes_an_answer_little(monkeypatch: pytest.MonkeyPatch) -> None:
    exact, _ = _answered(BUNDLE, {"n": 20})
    _small(monkeypatch)
    few = replace(BUNDLE, lists=Lists(LISTS.centres, LISTS.of_item, probes=len(LISTS.centres) // 4))
    found, _ = _answered(few, {"n": 20})
    assert len(set(ids(found)) & set(ids(exact))) >= 15


def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of more than thirty items is large."""
    monkeypatch.setattr(scene, "FEW", 30)
    monkeypatch.setattr(likely, "EXACT", 30)


def _answered(bundle: Bundle, asked: dict[str, Any]) -> tuple[Recommendations, Considered]:
    async def both() -> tuple[Recommendations, Considered]:
        world = await _world(bundle)
        ask = Ask(**{"user_id": "me", **asked})
        return await world.recommender.recommend(ask), await world.recommender.considered(ask)

    return asyncio.run(both())


def _found(*bundles: Bundle) -> dict[str, Recommended]:
    async def found() -> dict[str, Recommended]:
        return await (await _world(*bundles)).found()

    return asyncio.run(found())


async def _world(*bundles: Bundle) -> World:
    """Users who took this and that, and a catalogue that changed since the bundle."""
    world = await World(*bundles).begin()
    rng = np.random.default_rng(5)
    log = [took(f"u{rng.integers(30)}", f"i{rng.integers(600)}") for _ in range(300)]
    mine = [took("me", f"i{number}") for number in (3, 50, 7, 90, 3, 400)]
    undescribed = [took(f"other{number}", "undescribed") for number in range(5)]
    full = [took("full", f"i{number}") for number in range(40)]
    await world.learn(*log, *mine, *undescribed, took("me", "i12", "dislike"), felt("me", "calm"), *full)
    new = [ItemEvent(event_id=f"n{n}", time=START + n, item_id=f"new-{n}", title="A night of love") for n in range(5)]
    gone = ItemEvent(event_id="g", time=START, item_id="gone", withdrawn=True)
    moved = ItemEvent(event_id="m", time=START, item_id="i8", title="Murder", categories=["war"])
    await world.put_items(*new, gone, moved)
    world.now += 2000
    return world
