"""Faults of the Kinesis adapters, while all events come by Kinesis."""

import random
import time

from tests.faults.by_kinesis import frozen_longer_than_a_lease
from tests.faults.run import Run, in_a_while


def adapter_killed(run: Run, rng: random.Random) -> float:
    """kill -9 of an adapter at any instant, three times; another one takes its place."""
    kinesis = run.by_kinesis
    kinesis.settle()
    with run.flowing(rng, sender=kinesis):
        began = in_a_while(rng)
        for _ in range(3):
            kinesis.kill(rng.choice(kinesis.alive))
            kinesis.start()
            time.sleep(rng.uniform(0, 1))
    run.hits["adapters killed"] += 3
    return began


def all_adapters_killed(run: Run, rng: random.Random) -> float:
    """kill -9 of all adapters at once."""
    kinesis = run.by_kinesis
    kinesis.settle()
    with run.flowing(rng, sender=kinesis):
        began = in_a_while(rng)
        for adapter in list(kinesis.alive):
            kinesis.kill(adapter)
            kinesis.start()
            run.hits["adapters killed"] += 1
    return began


def adapter_frozen(run: Run, rng: random.Random) -> float:
    """SIGSTOP of an adapter; when others read its shards it wakes up and goes on with what it had in hand."""
    kinesis = run.by_kinesis
    kinesis.settle()
    zombie = rng.choice(kinesis.alive)
    with run.flowing(rng, sender=kinesis):
        began = in_a_while(rng)
        zombie.freeze()
        frozen_longer_than_a_lease()
        zombie.thaw()
    run.hits["zombies"] += 1
    return began


def resharded_and_killed(run: Run, rng: random.Random) -> float:
    """Shards are split and merged while events come, and an adapter is killed with its parents half read."""
    kinesis = run.by_kinesis
    kinesis.settle()
    with run.flowing(rng, sender=kinesis):
        began = in_a_while(rng)
        for change in (kinesis.stream.split, kinesis.stream.merge):
            change()
            time.sleep(rng.uniform(0, 1))
        kinesis.kill(rng.choice(kinesis.alive))
        kinesis.start()
    run.hits["adapters killed"] += 1
    return began


def broker_killed(run: Run, rng: random.Random) -> float:
    """kill -9 of the broker under the adapters, which wait for it."""
    kinesis = run.by_kinesis
    kinesis.settle()
    with run.flowing(rng, sender=kinesis):
        began = in_a_while(rng)
        run.stack.kafka.kill()
        time.sleep(rng.uniform(0, 2))
        run.stack.kafka.start()
    return began


def kinesis_away(run: Run, rng: random.Random) -> float:
    """SIGSTOP of Kinesis and DynamoDB for longer than a lease: nobody may go on, then everybody does."""
    kinesis = run.by_kinesis
    kinesis.settle()
    with run.flowing(rng, sender=kinesis):
        began = in_a_while(rng)
        kinesis.server.freeze()
        frozen_longer_than_a_lease()
        kinesis.server.thaw()
    return began
