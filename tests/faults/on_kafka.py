"""Faults of the broker, and of the connections to it."""

import random
import time

from tests.faults.run import Run, in_a_while


def broker_killed(run: Run, rng: random.Random) -> float:
    """kill -9 of the broker, and its restart."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.stack.kafka.kill()
        time.sleep(rng.uniform(0, 2))
        run.stack.kafka.start()
    return began


def broker_restarted(run: Run, rng: random.Random) -> float:
    """SIGTERM of the broker, and its restart."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.stack.kafka.stop()
        run.stack.kafka.start()
    return began


def broker_frozen(run: Run, rng: random.Random) -> float:
    """SIGSTOP of the broker for some seconds."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.stack.kafka.freeze()
        time.sleep(rng.uniform(1, 5))
        run.stack.kafka.thaw()
    return began


def kafka_connections_dropped(run: Run, rng: random.Random) -> float:
    """All connections to the broker are cut, three times."""
    with run.flowing(rng):
        began = in_a_while(rng)
        for _ in range(3):
            run.hits["connections cut"] += run.stack.to_kafka.cut()
            time.sleep(rng.uniform(0.05, 0.5))
    return began
