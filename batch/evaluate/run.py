"""An evaluation from beginning to end: cut, train, replay every system, sum up."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from batch.baselines.baseline import Baseline
from batch.evaluate.found import Evaluation
from batch.evaluate.jobs import Retrain, Work, longest_first, names
from batch.evaluate.protocol import Protocol
from batch.evaluate.schedule import schedule
from batch.evaluate.split import split
from batch.evaluate.summary import summed_up
from batch.evaluate.workers import Tell, one_by_one, side_by_side
from batch.replay import UserEvent
from model.bundle import Bundle


class Trained(NamedTuple):
    """What training made of the first part of a log."""

    bundle: Bundle
    held_out: Bundle | None = None
    """As it was before it saw the end of that part; without it `batch_only` has the ranker of live states."""


Train = Callable[[Sequence[UserEvent]], Trained]


def evaluate(
    log: Sequence[UserEvent],
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

    What is given to workers (`retrain`, `baselines`) must be importable. Raises `Misconfigured` where nothing is left
    to replay or the schedule is none.
    """
    cut = split(log, protocol)
    due = schedule(protocol.retrain, cut.steps)
    started = time.monotonic()
    trained = train(cut.head)
    train_s = round(time.monotonic() - started, 1)
    work = Work(cut, due, trained.bundle, trained.held_out, protocol.seed, retrain, baselines)
    jobs = longest_first(names(work))
    done = side_by_side(jobs, work, tell, workers) if workers else one_by_one(jobs, work, tell)
    return summed_up(dataset, protocol, work, {job: done[job] for job in names(work)}, train_s)
