"""A digest names what a store holds: the same for the same events wherever they lay, another for any other."""

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from batch.digest import digest_of
from batch.prequential import records_of
from batch.replay import Replay
from contracts.events import Impression, Interaction, Shown
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from online.store.protocol import Store
from online.store.redis import connect
from tests.batch.synthetic import events
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(20)
CLICKS = events(users=9, steps=14)
PAGES = [
    Impression(
        event_id=f"p{n}",
        time=one.time - 1,
        user_id=one.user_id,
        request_id=f"r{n}",
        bundle=BUNDLE.version,
        shown=[Shown(one.item_id, 0, 0.5, 1.0), Shown("other", 1, 0.25, 1.0)],
    )
    for n, one in enumerate(CLICKS[:20])
]
LOG = list(records_of(sorted([*CLICKS, *PAGES], key=lambda one: one.time)))


def digest(log: Sequence[Raw], store: Store | None = None, at_once: int = 500) -> str:
    async def run() -> str:
        replay = await Replay.on(BUNDLE, store or MemoryStore())
        for start in range(0, len(log), at_once):
            await replay.take(log[start : start + at_once])
        try:
            return await digest_of(replay.store)
        finally:
            await replay.store.close()

    return asyncio.run(run())


def test_it_is_the_same_however_the_log_was_cut_and_wherever_its_events_lay() -> None:
    assert digest(LOG) == digest(LOG, at_once=1) == digest(LOG, at_once=7)
    refused = LOG[0]._replace(value=b"{}")
    assert digest([refused, LOG[0], LOG[0], *LOG[1:]]) == digest(LOG)


def test_it_is_another_when_any_event_is() -> None:
    other = [replace(one, item_id="elsewhere") if n == 60 else one for n, one in enumerate(CLICKS)]
    all_of = {digest(LOG), digest(LOG[:-1]), digest(list(records_of(CLICKS))), digest(list(records_of(other)))}
    assert len(all_of) == 4
    assert isinstance(other[60], Interaction)


@pytest.mark.redis
def test_redis_and_memory_that_learned_the_same_have_the_same(redis_url: str, namespace: str) -> None:
    assert digest(LOG, connect(redis_url, namespace)) == digest(LOG)
