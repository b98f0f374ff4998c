"""A memory store that was written down and read again is the same, and goes on the same."""

import asyncio
import pickle

import pytest

from batch.digest import digest_of
from batch.prequential import records_of
from batch.replay import Replay
from contracts.errors import StateTooNew, StateUnreadable
from online.store.codec import CODEC_VERSION
from online.store.saved import SavedStore
from tests.batch.synthetic import events
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(20)
LOG = list(records_of(events(users=9, steps=14)))


async def learned(upto: int) -> SavedStore:
    store = SavedStore()
    await (await Replay.on(BUNDLE, store)).take(LOG[:upto])
    return store


def test_a_store_that_was_read_again_is_the_same_and_goes_on_the_same() -> None:
    async def run() -> None:
        for cut in (0, 1, 70, len(LOG)):
            again = SavedStore.unpack((await learned(cut)).pack())
            assert await again.dump() == await (await learned(cut)).dump()
            assert again.pack() == (await learned(cut)).pack()
            replay = await Replay.on(BUNDLE, again)
            replay.pass_over(cut)
            await replay.take(LOG[cut:])
            assert await again.dump() == await (await learned(len(LOG))).dump()
            assert await digest_of(again) == await digest_of(await learned(len(LOG)))

    asyncio.run(run())


def test_what_is_damaged_or_newer_is_refused_and_nothing_of_it_is_carried_out() -> None:
    raw = asyncio.run(learned(50)).pack()
    with pytest.raises(StateUnreadable):
        SavedStore.unpack(raw[:-1])
    with pytest.raises(StateUnreadable):
        SavedStore.unpack(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:])
    with pytest.raises(StateTooNew):
        SavedStore.unpack(bytes([CODEC_VERSION + 1]) + raw[1:])
    with pytest.raises(StateUnreadable):
        SavedStore.unpack(pickle.dumps("anything"))
