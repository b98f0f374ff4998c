"""The faults: each does one thing to the running programs while events flow, and says when it did."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Final

from kafka import KafkaAdminClient

from contracts.rollout import Rollout
from contracts.sharding import USER_SHARDS
from contracts.topics import EVENTS
from tests.faults.calls import Stage, between_the_writes, within_the_counts, within_the_shards
from tests.faults.crew import Worker
from tests.faults.recorded import PARTITIONS
from tests.faults.run import Run
from tests.faults.servers import wait_until

Inject = Callable[[Run, random.Random], float]
"""Returns when (monotonic seconds) the fault began; by then it's over, and the programs are all to recover."""
_COMMITTED_WITHIN_S: Final = 2.5
"""The worker commits every second what it has acknowledged."""


def kill(run: Run, rng: random.Random) -> float:
    """kill -9 of a worker at any instant; another one takes its place."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.crew.kill(_any(run, rng))
        run.crew.start()
    return began


def kill_all(run: Run, rng: random.Random) -> float:
    """kill -9 of all workers at once."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        for worker in list(run.crew.alive):
            run.crew.kill(worker)
            run.crew.start()
    return began


def _kill_at(stage: Stage | None) -> Inject:
    def inject(run: Run, rng: random.Random) -> float:
        worker = _any(run, rng)
        with run.flowing(rng) as flow:
            with run.held_at(flow, worker, stage):
                began = time.monotonic()
                run.crew.kill(worker)
                run.hits["kills inside a batch"] += 1
            run.crew.start()
        return began

    return inject


def freeze(run: Run, rng: random.Random) -> float:
    """SIGSTOP of a worker; when others have its partitions it wakes up and goes on."""
    zombie = _any(run, rng)
    with run.flowing(rng):
        began = _in_a_while(rng)
        _until_others_own(run, zombie)
        zombie.thaw()
        run.crew.alive.append(zombie)
    run.hits["zombies"] += 1
    return began


def freeze_in_batch(run: Run, rng: random.Random) -> float:
    """SIGSTOP of a worker whose write is on its way; it arrives when others have long learned the same and more."""
    zombie, stage = _any(run, rng), rng.choice((within_the_counts, between_the_writes, within_the_shards))
    with run.flowing(rng) as flow, run.held_at(flow, zombie, stage) as point:
        began = time.monotonic()
        _until_others_own(run, zombie)
        flow.join()
        run.recovered()
        point.let(True)
        zombie.thaw()
        run.crew.alive.append(zombie)
        run.crew.settle()
    run.hits["zombies"] += 1
    return began


def late_write(run: Run, rng: random.Random) -> float:
    """kill -9 of a worker whose write is still on its way: it arrives when others have learned the same and more."""
    worker, stage = _any(run, rng), rng.choice((within_the_counts, between_the_writes, within_the_shards))
    with run.flowing(rng) as flow, run.held_at(flow, worker, stage) as point:
        began = time.monotonic()
        run.crew.kill(worker, its_writes=False)
        run.crew.start()
        run.crew.settle()
        flow.join()
        run.recovered()
        with run.flowing(rng):  # so that there is something newer that it could destroy
            pass
        run.recovered()
        point.let(True)
        wait_until(lambda: not worker.link.is_used, "the late write to arrive")
    run.hits["kills inside a batch"] += 1
    return began


def scale_up(run: Run, rng: random.Random) -> float:
    """From one worker to three."""
    while len(run.crew.alive) > 1:
        run.crew.stop(_any(run, rng))
    run.crew.settle()
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.crew.start()
        run.crew.start()
        run.crew.settle()
    return began


def scale_down(run: Run, rng: random.Random) -> float:
    """From three workers to two."""
    while len(run.crew.alive) < 3:
        run.crew.start()
    run.crew.settle()
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.crew.stop(_any(run, rng))
    return began


def broker_killed(run: Run, rng: random.Random) -> float:
    """kill -9 of the broker, and its restart."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.stack.kafka.kill()
        time.sleep(rng.uniform(0, 2))
        run.stack.kafka.start()
    return began


def broker_restarted(run: Run, rng: random.Random) -> float:
    """SIGTERM of the broker, and its restart."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.stack.kafka.stop()
        run.stack.kafka.start()
    return began


def broker_frozen(run: Run, rng: random.Random) -> float:
    """SIGSTOP of the broker for some seconds."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.stack.kafka.freeze()
        time.sleep(rng.uniform(1, 5))
        run.stack.kafka.thaw()
    return began


def kafka_connections_dropped(run: Run, rng: random.Random) -> float:
    """All connections to the broker are cut, three times."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        for _ in range(3):
            run.hits["connections cut"] += run.stack.to_kafka.cut()
            time.sleep(rng.uniform(0.05, 0.5))
    return began


def redis_restarted(run: Run, rng: random.Random) -> float:
    """kill -9 of Redis; it comes back with its append-only file."""
    with run.flowing(rng):
        began = _in_a_while(rng)
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
        began = _in_a_while(rng)
        seconds = rng.choice((1.0, 3.0, 6.0))
        run.stack.redis.pause(seconds)
        time.sleep(seconds)
    return began


def redis_connections_dropped(run: Run, rng: random.Random) -> float:
    """All connections of the workers and the API to Redis are cut, three times."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        for _ in range(3):
            run.hits["connections cut"] += run.crew.cut_off() + run.stack.to_redis.cut()
            time.sleep(rng.uniform(0.05, 0.5))
    return began


def redis_away(run: Run, rng: random.Random) -> float:
    """Nobody reaches Redis for some seconds."""
    links = [run.stack.to_redis, *(worker.link for worker in run.crew.alive)]
    with run.flowing(rng):
        began = _in_a_while(rng)
        for link in links:
            link.shut()
        time.sleep(rng.uniform(0.5, 4))
        for link in links:
            link.open()
    return began


def answer_lost(run: Run, rng: random.Random) -> float:
    """A batch is written, and the connection breaks before the worker is told."""
    worker = _any(run, rng)
    with run.flowing(rng) as flow, run.held_at(flow, worker, None):
        began = time.monotonic()
        worker.link.cut()
    run.hits["answers lost"] += 1
    return began


def slow_write(run: Run, rng: random.Random) -> float:
    """A write takes seconds; meanwhile the group must not have committed what it writes."""
    worker, stage = _any(run, rng), rng.choice((between_the_writes, within_the_shards))
    with run.flowing(rng) as flow, run.held_at(flow, worker, stage) as point:
        began = time.monotonic()
        assert point.call
        partition = int(point.call.shard.partition("{u")[2].partition("}")[0]) % USER_SHARDS % PARTITIONS
        time.sleep(_COMMITTED_WITHIN_S)
        committed = _committed(run)[partition]
        if committed > point.call.offset:
            raise AssertionError(f"{committed} is committed, and offset {point.call.offset} isn't written yet")
        point.let(True)
    return began


def bundle_changed(run: Run, rng: random.Random) -> float:
    """Another bundle, or a canary, while events flow."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.change_bundle(_rollout(run, rng))
    return began


def bundle_changed_and_killed(run: Run, rng: random.Random) -> float:
    """The same, with all states still to be moved when a worker is killed."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.change_bundle(_rollout(run, rng))
        time.sleep(rng.uniform(0, 1))
        run.crew.kill(_any(run, rng))
        run.crew.start()
    return began


def api_killed(run: Run, rng: random.Random) -> float:
    """kill -9 of the API while clients post: they post again, with the same ids."""
    with run.flowing(rng):
        began = _in_a_while(rng)
        run.api.kill()
        run.api.start()
    return began


def _any(run: Run, rng: random.Random) -> Worker:
    return rng.choice(run.crew.alive)


def _in_a_while(rng: random.Random) -> float:
    """At any instant of what is being sent."""
    time.sleep(rng.uniform(0.1, 1.2))
    return time.monotonic()


def _until_others_own(run: Run, zombie: Worker) -> None:
    zombie.freeze()
    run.crew.alive.remove(zombie)
    run.crew.settle()


def _rollout(run: Run, rng: random.Random) -> Rollout:
    bundle, canary = rng.sample(run.versions, 2)
    return rng.choice((Rollout(bundle), Rollout(bundle, canary, rng.choice((0.1, 0.5)))))


def _committed(run: Run) -> dict[int, int]:
    admin = KafkaAdminClient(bootstrap_servers=run.stack.bootstrap)
    try:
        (found,) = admin.list_group_offsets([f"{run.settings.namespace}.stream"]).values()
    finally:
        admin.close()
    topic = EVENTS.full_name(run.settings.namespace)
    return {tp.partition: offset.offset for tp, offset in found.items() if tp.topic == topic}


FAULTS: Final[Mapping[str, Inject]] = {
    "worker killed": kill,
    "all workers killed": kill_all,
    "killed within the counts": _kill_at(within_the_counts),
    "killed between the two writes": _kill_at(between_the_writes),
    "killed within the shards": _kill_at(within_the_shards),
    "killed after the writes": _kill_at(None),
    "worker frozen, wakes up": freeze,
    "worker frozen in a batch": freeze_in_batch,
    "dead worker's write comes late": late_write,
    "workers 1 → 3": scale_up,
    "workers 3 → 2": scale_down,
    "broker killed": broker_killed,
    "broker restarted": broker_restarted,
    "broker frozen": broker_frozen,
    "Kafka's connections dropped": kafka_connections_dropped,
    "Redis restarted": redis_restarted,
    "Redis comes back older": redis_older,
    "Redis older, nothing sent": redis_older_when_idle,
    "CLIENT PAUSE": redis_paused,
    "Redis' connections dropped": redis_connections_dropped,
    "Redis away": redis_away,
    "answer of a write lost": answer_lost,
    "write takes seconds": slow_write,
    "bundle changed": bundle_changed,
    "bundle changed, then killed": bundle_changed_and_killed,
    "API killed": api_killed,
}
SHORT: Final = (
    "killed between the two writes",
    "worker frozen in a batch",
    "Redis comes back older",
    "Redis' connections dropped",
    "bundle changed",
    "API killed",
)
"""Those of the minute's run: together they meet every guard."""
