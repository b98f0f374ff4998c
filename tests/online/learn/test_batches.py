"""Bytes don't depend on how a log was cut into batches, and steps come to what the whole sequence comes to."""

import asyncio
import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model import encoder
from model.tokens import Tokens
from online.learn.outgoing import Raw
from online.learn.tokens import tokens_of
from online.store.memory import MemoryStore
from online.store.state import HISTORY
from tests.online.learn.logs import (
    SHELF,
    TOPIC_ID,
    USERS,
    VERSIONS,
    bundle_change,
    learner_of,
    random_event,
    random_log,
    records,
)


async def learned(batches: Sequence[Sequence[Raw]]) -> dict[str, object]:
    """The store after these batches and a last sweep."""
    store = MemoryStore()
    learner = learner_of(store)
    await learner.assign(0, TOPIC_ID)
    for batch in batches:
        await learner.learn(0, batch)
    await learner.sweep(0)
    await learner.move_all(0)
    return await store.dump()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 60), cuts=st.sets(st.integers(1, 59)))
def test_any_cut_of_a_log_with_bundle_changes_gives_the_same_bytes(seed: int, n: int, cuts: set[int]) -> None:
    log = records(random_log(random.Random(seed), n))
    places = [0, *sorted(cut for cut in cuts if cut < len(log)), len(log)]
    cut_log = [log[start:end] for start, end in pairwise(places)]
    assert asyncio.run(learned(cut_log)) == asyncio.run(learned([log]))


def test_histories_longer_than_are_kept_do_not_depend_on_batches_either() -> None:
    rng = random.Random(5)
    log = records([bundle_change(0), *(random_event(rng, n) for n in range(4 * HISTORY + 200)), bundle_change(1)])
    several = [log[at : at + 97] for at in range(0, len(log), 97)]
    assert asyncio.run(learned(several)) == asyncio.run(learned([log]))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, HISTORY))
def test_the_live_state_equals_the_whole_sequence_at_once(seed: int, n: int) -> None:
    rng = random.Random(seed)
    log = records([bundle_change(0), *(random_event(rng, number) for number in range(n))])

    async def states() -> MemoryStore:
        store = MemoryStore()
        learner = learner_of(store)
        await learner.assign(0, TOPIC_ID)
        for at in range(0, len(log), 7):
            await learner.learn(0, log[at : at + 7])
        return store

    store = asyncio.run(states())
    bundle = SHELF[VERSIONS[0]]
    parameters = bundle.encoder.parameters
    for user in USERS:
        record = asyncio.run(store.user(user))[1]
        if record is None:
            continue
        state, history, _ = record.unpack()
        if not history:  # was only shown something
            assert len(state.hidden) == 0
            continue
        tokens = Tokens(*(column[None, :] for column in tokens_of(history, bundle.index)))
        hidden = encoder.sequence(parameters, tokens)[:, -1]
        nothing = np.zeros(1, np.float32)
        embedding = encoder.query(parameters, hidden, nothing, nothing.astype(np.int32))[0]
        np.testing.assert_allclose(state.embedding, embedding, atol=1e-5, rtol=0)
        np.testing.assert_allclose(state.hidden, hidden[0], atol=1e-5, rtol=0)
