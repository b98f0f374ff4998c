"""How cost grows: with users in Redis, with the catalogue, with a user's history: `python -m benchmarks.growth`.

Bytes a user are the growth of Redis's `used_memory`, so all in: state, history, filter, keys, sets and tables; beside
them the bare bytes of the packed records. Learning and answering are CPU time of this process over a store in memory.
Records are of users with histories as unequal as in `event_log`; the bundle is as large as training makes it.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import redis
from threadpoolctl import threadpool_limits

from batch.nearest import exactly, with_index
from benchmarks.event_log import ITEMS, made_up
from benchmarks.filled import DIM as LEARNED_DIM
from benchmarks.filled import HIDDEN as LEARNED_HIDDEN
from benchmarks.in_memory import InMemory
from benchmarks.index import DIM, Floats, mean_ms, points, random_of
from benchmarks.records import Writing, learned_records, named
from benchmarks.result import REPEATS, Measured
from benchmarks.shown import show
from contracts.events import Interaction
from model.bundle import Bundle
from model.nearest import EXACT
from moodstream.console import say
from online.store.redis import connect
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World, took
from tests.online.store.servers import own_server

USERS: Final = (1_000, 10_000, 100_000)
ITEMS_OF: Final = (1_000, 10_000, 100_000, 1_000_000)
HISTORIES: Final = (8, 64, 256)
_AT_ONCE: Final = 500
_WITH_HISTORY: Final = 40
_LEARNED: Final = 400
_ANSWERS: Final = 60
_ASKERS: Final = 100
_TAKEN: Final = 1_000
_WARM: Final = 10
_OF_ALL_ONCE: Final = 20_000
"""So many users are so much work that once must do."""


def run(
    users: Sequence[int] = USERS, items: Sequence[int] = ITEMS_OF, histories: Sequence[int] = HISTORIES
) -> list[Measured]:
    """All three."""
    with threadpool_limits(1):
        found = [asyncio.run(bytes_a_user(count, 1 if count > _OF_ALL_ONCE else REPEATS)) for count in users]
        found += [asyncio.run(with_history(length)) for length in histories]
        return [*found, *(asyncio.run(with_catalogue(count)) for count in items)]


async def bytes_a_user(count: int, repeats: int) -> Measured:
    """From an empty server on, each time."""
    say(f"writing {count:,} users")
    users = named(await learned_records(), count)
    each = [await _grown(users) for _ in range(repeats)]
    packed = sum(sum(map(len, record)) for record in users.values()) / count
    return Measured(
        name=f"bytes a user of {count}",
        what=f"bytes a user in Redis, all in, of {count:,}, beside the packed records alone",
        unit="bytes",
        better="lower",
        ours=each,
        beside="packed records",
        reference=[packed] * repeats,
        notes={"state": _mean(users, 0), "history": _mean(users, 1), "filter of what was seen": _mean(users, 2)},
        chart="Bytes a user in Redis, by number of users",
        at=f"{count:,}",
    )


async def _grown(users: dict[str, Any]) -> float:
    names, writing = list(users), Writing()
    with (
        TemporaryDirectory() as folder,
        own_server(Path(folder), "--appendonly", "no") as server,
        redis.Redis.from_url(server.url) as client,
    ):
        store, before = connect(server.url, "bench", timeout_s=60), _used(client)
        for at in range(0, len(names), _AT_ONCE):
            await store.write_shards(writing.step({name: users[name] for name in names[at : at + _AT_ONCE]}))
        await store.close()
        return (_used(client) - before) / len(users)


def _used(client: Any) -> int:
    return int(client.info("memory")["used_memory"])


def _mean(users: dict[str, Any], part: int) -> float:
    return round(sum(len(record[part]) for record in users.values()) / len(users))


async def with_history(length: int) -> Measured:
    """One more event, and the record, of users who have had so many."""
    say(f"learning from users with {length} events")
    learner = await InMemory(random_bundle(ITEMS, hidden=LEARNED_HIDDEN, dim=LEARNED_DIM)).begin()
    names = [f"user-{number}" for number in range(_WITH_HISTORY)]
    events = _turns(names, length * len(names) + _LEARNED * REPEATS)
    await learner.learn(learner.placed(events[: length * len(names)]))
    each = []
    for repeat in range(REPEATS):
        at = length * len(names) + repeat * _LEARNED
        raws, began = learner.placed(events[at : at + _LEARNED]), time.process_time()
        await learner.learn(raws)
        each.append(1e6 * (time.process_time() - began) / _LEARNED)
    sizes = [float(sum(map(len, await learner.record(name)))) for name in names]
    return Measured(
        name=f"learning with {length} events before",
        what=f"CPU µs to learn one more event of users with {length} or more",
        unit="µs",
        better="lower",
        ours=each,
        chart="CPU µs to learn an event, by events before it",
        at=str(length),
        notes={"packed bytes a user": round(sum(sizes) / len(sizes))},
    )


def _turns(names: Sequence[str], count: int) -> list[Interaction]:
    """The users in turn; what they take is made up."""
    source = [event for event in made_up(2 * count) if isinstance(event, Interaction)]
    return [_by(event, names[number % len(names)]) for number, event in enumerate(source[:count])]


def _by(event: Interaction, user_id: str) -> Interaction:
    return Interaction(
        event_id=event.event_id, time=event.time, user_id=user_id, item_id=event.item_id, kind=event.kind
    )


async def with_catalogue(count: int) -> Measured:
    """Answers from a catalogue of so many, beside an exact search."""
    say(f"answering from {count:,} items")
    plain = random_of(count, even=False)
    bundle = with_index(plain, lambda: points(100, False, seed=1), least=0) if count > EXACT else plain
    world = await _world(bundle)
    ours = []
    for _ in range(REPEATS):
        began = time.process_time()
        for number in range(_ANSWERS):
            await world.ask(f"u{number % _ASKERS}")
        ours.append(1000 * (time.process_time() - began) / _ANSWERS)

    def exact(one: Floats) -> object:
        return exactly(bundle.vectors, bundle.bias, one)

    return Measured(
        name=f"answer from {count} items",
        what=f"CPU ms of an answer from {count:,} items",
        unit="ms",
        better="lower",
        ours=ours,
        notes={
            "an exact search of them alone": round(mean_ms(exact, points(20, False, seed=2)), 3),
            "dimensions": DIM,
            "index": "yes" if count > EXACT else "none: searched exactly",
        },
        chart="CPU ms of an answer, by items in the catalogue",
        at=f"{count:,}",
    )


async def _world(bundle: Bundle) -> World:
    rng = np.random.default_rng(3)
    world = await World(bundle).begin()
    popular = (len(bundle.catalogue) * rng.beta(0.3, 3, _TAKEN)).astype(int)
    await world.learn(*(took(f"u{rng.integers(_ASKERS)}", f"i{item}") for item in popular))
    world.now += 2000
    for number in range(_WARM):  # what a process does once for a catalogue, and once for its counts
        await world.ask(f"u{number}")
    return world


if __name__ == "__main__":
    show(run())
