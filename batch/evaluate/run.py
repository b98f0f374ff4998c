"""An evaluation from beginning to end: cut, train, replay every system, sum up."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from batch.baselines.baseline import Baseline
from batch.evaluate.found import Evaluation
from batch.evaluate.jobs import OURS, Retrain, Trained, Work, untrained
from batch.evaluate.protocol import Protocol
from batch.evaluate.schedule import schedule
from batch.evaluate.split import split
from batch.evaluate.summary import summed_up
from batch.evaluate.workers import Tell, awaited, one_by_one, side_by_side
from batch.replay import UserEvent
from model.items import Item

Train = Callable[[Sequence[UserEvent]], Trained]


def evaluate(
    log: Sequence[UserEvent],
    catalogue: Callable[[Sequence[UserEvent]], Sequence[Item]],
    train: Train,
    retrain: Retrain,
    baselines: Sequence[Callable[[], Baseline]],
    *,
    dataset: str,
    protocol: Protocol,
    workers: int = 0,
    tell: Tell = lambda job, done, total: None,
) -> Evaluation:
    """Measure every system on the same events; with `workers`, so many systems at a time in processes of their own.

    Then the baselines begin beside the training. `catalogue` tells the items from the first part, as `train` has them.
    What is given to workers (`retrain`, `baselines`) must be importable. Raises `Misconfigured` where nothing is left
    to replay or the schedule is none.
    """
    cut = split(log, protocol)
    due = schedule(protocol.retrain, cut.steps)
    items = [item.item_id for item in catalogue(cut.head)]
    work = Work(cut, due, items, protocol.seed, retrain, baselines)
    others = untrained(work)  # the slow ones stand last, and begin first
    started = time.monotonic()
    with ExitStack() as at_work:
        early = [at_work.enter_context(side_by_side(others[::-1], work, 1))] if workers and others else []
        work = replace(work, trained=train(cut.head))
        train_s = round(time.monotonic() - started, 1)
        if workers:
            done = awaited([at_work.enter_context(side_by_side(OURS, work, workers)), *early], tell)
        else:
            done = one_by_one([*OURS, *others], work, tell)
    return summed_up(dataset, protocol, work, {job: done[job] for job in [*OURS, *others]}, train_s)
