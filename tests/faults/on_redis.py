"""Faults of Redis, and of the connections to it: away, slow, older than it was, or not heard."""

import random
import time
from typing import Final

from kafka import KafkaAdminClient

from contracts.sharding import USER_SHARDS
from contracts.topics import EVENTS
from tests.faults.calls import between_the_writes, within_the_shards
from tests.faults.recorded import PARTITIONS
from tests.faults.run import Run, in_a_while

_COMMITTED_WITHIN_S: Final = 2.5
"""The worker commits every second what it has acknowledged."""
_GIVES_UP_S: Final = 5.0
"""So long a worker waits for the store; then it reads the batch again, and writes it by another connection."""


def redis_restarted(run: Run, rng: random.Random) -> float:
    """kill -9 of Redis; it comes back with its append-only file."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.stack.redis.kill()
        time.sleep(rng.uniform(0, 1))
        run.stack.redis.start()
    return began


def redis_older(run: Run, rng: random.Random) -> float:
    """kill -9 of Redis; it comes back as it was some seconds ago, or when the round began."""
    copy = rng.choice(("now", "now", "round"))
    if copy == "now":
        run.stack.redis.copy(copy)
    with run.flowing(rng):
        time.sleep(rng.uniform(0.5, 1.5))
        began = time.monotonic()
        run.stack.redis.kill()
        run.stack.redis.start_older(copy)
    run.hits["stores that went back"] += 1
    return began


def redis_older_when_idle(run: Run, rng: random.Random) -> float:
    """The same when nothing happens any more, so that no event leads anybody to what is missing."""
    run.stack.redis.copy("now")
    with run.flowing(rng):
        pass
    run.recovered()
    began = time.monotonic()
    run.stack.redis.kill()
    run.stack.redis.start_older("now")
    run.hits["stores that went back"] += 1
    return began


def redis_paused(run: Run, rng: random.Random) -> float:
    """CLIENT PAUSE, for shorter or longer than a worker waits."""
    with run.flowing(rng):
        began = in_a_while(rng)
        seconds = rng.choice((1.0, 3.0, 6.0))
        run.stack.redis.pause(seconds)
        time.sleep(seconds)
    return began


def redis_connections_dropped(run: Run, rng: random.Random) -> float:
    """All connections of the workers and the API to Redis are cut, three times."""
    with run.flowing(rng):
        began = in_a_while(rng)
        for _ in range(3):
            run.hits["connections cut"] += run.crew.cut_off() + run.stack.to_redis.cut()
            time.sleep(rng.uniform(0.05, 0.5))
    return began


def redis_away(run: Run, rng: random.Random) -> float:
    """Nobody reaches Redis for some seconds."""
    links = [run.stack.to_redis, *(worker.link for worker in run.crew.alive)]
    with run.flowing(rng):
        began = in_a_while(rng)
        for link in links:
            link.shut()
        time.sleep(rng.uniform(0.5, 4))
        for link in links:
            link.open()
    return began


def answer_lost(run: Run, rng: random.Random) -> float:
    """A batch is written, and the connection breaks before the worker is told."""
    worker = run.any_worker(rng)
    with run.flowing(rng) as flow, run.held_at(flow, worker, None):
        began = time.monotonic()
        worker.link.cut()
    run.hits["answers lost"] += 1
    return began


def slow_write(run: Run, rng: random.Random) -> float:
    """A write takes seconds; meanwhile the group must not have committed what it writes."""
    worker, stage = run.any_worker(rng), rng.choice((between_the_writes, within_the_shards))
    with run.flowing(rng) as flow, run.held_at(flow, worker, stage) as point:
        began = time.monotonic()
        assert point.call
        partition = int(point.call.shard.partition("{u")[2].partition("}")[0]) % USER_SHARDS % PARTITIONS
        time.sleep(_COMMITTED_WITHIN_S)
        acknowledged = _committed(run).get(partition, 0)
        if acknowledged > point.call.offset and time.monotonic() - point.at < _GIVES_UP_S:
            raise AssertionError(f"{acknowledged} is committed, and offset {point.call.offset} isn't written yet")
        point.let(True)
    return began


def _committed(run: Run) -> dict[int, int]:
    admin = KafkaAdminClient(bootstrap_servers=run.stack.bootstrap)
    try:
        (found,) = admin.list_group_offsets([f"{run.settings.namespace}.stream"]).values()
    finally:
        admin.close()
    topic = EVENTS.full_name(run.settings.namespace)
    return {tp.partition: offset.offset for tp, offset in found.items() if tp.topic == topic}
