"""Features that the ranker reads: those that are made of others."""

import asyncio

import numpy as np

from model.ranker import FEATURES, RANKS
from online.answer.asked import Ask
from online.answer.considered import Considered
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World, took


def test_a_rank_counts_the_candidates_that_have_more() -> None:
    async def considered() -> Considered:
        world = await World(random_bundle(200, 1)).begin()
        for user in range(12):
            await world.learn(*(took(f"u{user}", f"i{(7 * user + step) % 40}") for step in range(6)))
        return await world.recommender.considered(Ask(user_id="u3"))

    found = asyncio.run(considered())
    for name in RANKS:
        own, rank = (found.features[:, FEATURES.index(of)] for of in (name, f"{name}_rank"))
        assert len(set(own.tolist())) > 1, name
        more = (own[None, :] > own[:, None]).sum(axis=1)
        np.testing.assert_allclose(rank, -np.log1p(more), rtol=1e-6, err_msg=name)
