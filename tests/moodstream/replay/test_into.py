"""A replay fills only namespaces that are nobody else's, and says how to go on otherwise."""

import asyncio

import pytest
from msgspec.structs import replace

from batch.replay import Replay
from contracts.errors import Misconfigured
from contracts.settings import Settings
from moodstream.replay.into import end, take
from moodstream.replay.plan import Plan, Source
from online.store.mark import is_used, mark_of
from online.store.redis import connect
from tests.moodstream.replay.world import BUNDLES

pytestmark = pytest.mark.redis


def plan(namespace: str, **more: int) -> Plan:
    source = Source("file", "x", "ns")
    return Plan(source=source, since=None, until=None, warm=False, bundles=["a", "b"], into=namespace, **more)  # type: ignore[arg-type]


async def fill(url: str, namespace: str) -> None:
    store = connect(url, namespace)
    try:
        await Replay.on(BUNDLES[0], store)
    finally:
        await store.close()


def test_the_live_namespace_and_a_strangers_states_are_refused(redis_url: str, namespace: str) -> None:
    live = Settings(redis=redis_url, namespace=namespace)
    with pytest.raises(Misconfigured, match="the live namespace"):
        take(live, plan(namespace), anew=True)
    other = Settings(redis=redis_url)
    asyncio.run(fill(redis_url, f"{namespace}-2"))
    for anew in (False, True):
        with pytest.raises(Misconfigured, match="no replay left there"):
            take(other, plan(namespace), anew=anew)
    assert asyncio.run(is_used(redis_url, f"{namespace}-2"))
    with pytest.raises(Misconfigured, match="small letters"):
        take(other, plan("No Name"), anew=False)


def test_a_replay_goes_on_in_its_own_and_another_one_only_anew(redis_url: str, namespace: str) -> None:
    settings = Settings(redis=redis_url)
    take(settings, plan(namespace), anew=False)
    assert asyncio.run(mark_of(redis_url, namespace)) == plan(namespace).id
    asyncio.run(fill(redis_url, namespace))
    take(settings, plan(namespace), anew=False)
    assert asyncio.run(is_used(redis_url, namespace))
    with pytest.raises(Misconfigured, match="--anew"):
        take(settings, plan(namespace, every=2), anew=False)
    end(settings, plan(namespace))
    with pytest.raises(Misconfigured, match="--anew"):
        take(settings, plan(namespace), anew=False)
    take(settings, plan(namespace), anew=True)
    assert not asyncio.run(is_used(redis_url, namespace))
    assert replace(plan(namespace)).id == asyncio.run(mark_of(redis_url, f"{namespace}-2"))
