"""`moodstream evaluate`: a table for people, a report to look at, a file for programs."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from batch import evaluate as measure
from batch import movielens
from batch.baselines.baseline import Baseline
from batch.baselines.named import BASELINES, FULL
from batch.catalogue import catalogue_of
from batch.dataset import UserEvent, read_events, read_items
from batch.evaluate import Evaluation, Protocol, Trained
from batch.evaluate.page import page
from batch.evaluate.training import Training
from batch.plan import Plan
from contracts.errors import Misconfigured
from contracts.settings import Settings
from moodstream.bars import bars
from moodstream.console import say
from moodstream.scores import show
from moodstream.training_bar import training_bar
from moodstream.written import write, write_json

MOVIELENS: Final = "ml-100k"
REPORT: Final = "report.html"
_WORKERS: Final = 4
"""At most: each holds the log and a replay of it."""


class Data(NamedTuple):
    """A data set in the plain form, under the name that the report gives it."""

    name: str
    events: Path
    items: Path | None


def evaluate(
    settings: Settings, data: Data, protocol: Protocol, out: Path | None, json_file: Path | None, full: bool
) -> None:
    """Evaluate, print a table, and write the report and the JSON.

    Raises `Misconfigured`, `InvalidEvent`, `Unavailable`.
    """
    plan = Plan(seed=protocol.seed, repeats=protocol.repeats)
    items = catalogue_of(read_items(data.items)) if data.items else ()
    found = _measured(read_events(data.events), Training(items, plan), data.name, protocol, full)
    show(found)
    folder = out or settings.home / "reports" / data.name
    write(folder / REPORT, page(found).encode())
    write_json(json_file, found)


def data_set(settings: Settings, events: Path | None, items: Path | None, name: str) -> Data:
    """The files to evaluate on; without `events` a MovieLens set, fetched where it's missing.

    Raises `Misconfigured`, `Unavailable`.
    """
    if events is not None:
        return Data(name or events.stem, events, items)
    if items is not None:
        raise Misconfigured("--items goes with --events; without both it is MovieLens-100K")
    found = fetch(settings, name or MOVIELENS)
    return Data(name or MOVIELENS, found.events, found.items)


def fetch(settings: Settings, name: str) -> movielens.Fetched:
    """A MovieLens data set in the home, fetched if it's missing, upon which its terms are said.

    Raises `Misconfigured` for another name, `Unavailable`.
    """
    with bars("") as tell:
        found = movielens.fetch_named(name, settings.home / "data" / name, say, tell)
    if found.is_new:
        say(found.licence)
    return found


def _measured(log: Sequence[UserEvent], training: Training, name: str, protocol: Protocol, full: bool) -> Evaluation:
    baselines: list[Callable[[], Baseline]] = [*BASELINES, *(FULL if full else ())]
    with bars("events") as tell:
        return measure.evaluate(
            log,
            training.catalogue,
            lambda head: _trained(head, training),
            training.retrain,
            baselines,
            dataset=name,
            protocol=protocol,
            workers=min(_WORKERS, os.cpu_count() or 1),
            tell=tell,
        )


def _trained(head: Sequence[UserEvent], training: Training) -> Trained:
    with training_bar() as tell:
        return training.train(head, tell)
