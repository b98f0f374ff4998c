"""Exploration is exact: what an impression calls a propensity is how often the item stands there."""

import asyncio
from collections import Counter

import numpy as np
import pytest

from online.answer.asked import Ask, Rules
from online.answer.explore import AMONG, explored
from online.answer.recommend import Recommender
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World, took


def test_without_a_share_nothing_moves_and_all_is_certain() -> None:
    order, likely = explored("r", 0.0, 0, 50)
    assert order.tolist() == list(range(50))
    assert likely.tolist() == [1.0] * 50


@pytest.mark.parametrize(("fixed", "n"), [(0, 50), (3, 50), (2, 9), (0, 1), (5, 5)])
def test_an_item_stands_as_often_at_a_place_as_its_propensity_says(fixed: int, n: int) -> None:
    share, tries = 0.3, 6000
    seen, said = Counter[tuple[int, int]](), dict[tuple[int, int], float]()
    for number in range(tries):
        order, likely = explored(f"request {number}", share, fixed, n)
        assert sorted(order.tolist()) == list(range(n))
        for place, item in enumerate(order.tolist()):
            seen[place, item] += 1
            assert said.setdefault((place, item), likely[place]) == likely[place]
    for where, times in seen.items():
        expected = said[where]
        assert abs(times / tries - expected) < 5 * np.sqrt(expected * (1 - expected) / tries) + 1e-12
    for place in range(n):
        assert sum(likely for (at, _), likely in said.items() if at == place) == pytest.approx(1)
    outside = [place for place in range(n) if place < fixed or place >= fixed + AMONG]
    assert all(said[place, place] == 1 for place in outside)


def test_the_same_request_is_explored_the_same() -> None:
    one, again, other = (explored(name, 1.0, 0, 30)[0].tolist() for name in ("a", "a", "b"))
    assert one == again != other


def test_what_is_shown_is_recorded_with_its_propensity_and_pages_go_on_in_one_order() -> None:
    async def run() -> None:
        world = await World(random_bundle(60)).begin()
        await world.learn(took("u", "i1"), took("u", "i2"))
        plain = [item.item_id for item in (await world.recommender.recommend(Ask(user_id="u", n=40))).items]
        explorer = explorer_of(world, 0.5)
        moved = 0
        for _ in range(40):  # of ids drawn anew, each moves or not: all alike once in 10^11 runs
            rules = Rules(pin=[plain[30]])
            first = await explorer.recommend(Ask(user_id="u", n=15, rules=rules))
            second = await explorer.recommend(Ask(user_id="u", n=15, page=2, rules=rules))
            base = [plain[30], *(item for item in plain if item != plain[30])]
            shown = [one for page in world.impressions[-2:] for one in page.shown]
            assert [one.item_id for one in shown] == [item.item_id for item in (*first.items, *second.items)]
            assert len({one.item_id for one in shown}) == 30
            assert shown[0].item_id == plain[30]
            order, likely = explored(first.request_id, 0.5, 1, 30)
            assert [one.item_id for one in shown] == [base[at] for at in order]
            assert [one.propensity for one in shown] == pytest.approx(likely.tolist())
            moved += [one.item_id for one in shown] != base[:30]
        assert 0 < moved < 40

    asyncio.run(run())


def explorer_of(world: World, share: float) -> Recommender:
    """A recommender as the world's, which explores."""
    its = world.recommender
    return Recommender(
        world.memory,
        world.library,
        its._viewer,
        world.stream,
        world.enricher,
        world.impressions.append,
        world.clock,
        5.0,
        explore=share,
    )
