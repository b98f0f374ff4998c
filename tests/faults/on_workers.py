"""Faults of the workers: killed, frozen, scaled, at any instant or at one of a batch."""

import random
import time

from tests.faults.calls import Stage, between_the_writes, within_the_counts, within_the_shards
from tests.faults.crew import Worker
from tests.faults.run import Inject, Run, in_a_while
from tests.faults.servers import wait_until


def kill(run: Run, rng: random.Random) -> float:
    """kill -9 of a worker at any instant; another one takes its place."""
    with run.flowing(rng):
        began = in_a_while(rng)
        run.crew.kill(run.any_worker(rng))
        run.crew.start()
    return began


def kill_all(run: Run, rng: random.Random) -> float:
    """kill -9 of all workers at once."""
    with run.flowing(rng):
        began = in_a_while(rng)
        for worker in list(run.crew.alive):
            run.crew.kill(worker)
            run.crew.start()
    return began


def kill_at(stage: Stage | None) -> Inject:
    def inject(run: Run, rng: random.Random) -> float:
        worker = run.any_worker(rng)
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
    zombie = run.any_worker(rng)
    with run.flowing(rng):
        began = in_a_while(rng)
        _until_others_own(run, zombie)
        zombie.thaw()
        run.crew.alive.append(zombie)
    run.hits["zombies"] += 1
    return began


def freeze_in_batch(run: Run, rng: random.Random) -> float:
    """SIGSTOP of a worker whose write is on its way; it arrives when others have long learned the same and more."""
    zombie, stage = run.any_worker(rng), rng.choice((within_the_counts, between_the_writes, within_the_shards))
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
    worker, stage = run.any_worker(rng), rng.choice((within_the_counts, between_the_writes, within_the_shards))
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
        run.crew.stop(run.any_worker(rng))
    run.crew.settle()
    with run.flowing(rng):
        began = in_a_while(rng)
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
        began = in_a_while(rng)
        run.crew.stop(run.any_worker(rng))
    return began


def _until_others_own(run: Run, zombie: Worker) -> None:
    zombie.freeze()
    run.crew.alive.remove(zombie)
    run.crew.settle()
