"""`moodstream evaluate`: a table for people, a file for programs."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec
from rich.table import Table

from batch import evaluate as protocol
from batch import movielens
from batch.catalogue import catalogue_of
from batch.dataset import UserEvent, read_events, read_items
from batch.evaluate import Evaluation
from batch.log import of_events
from batch.measures import NAMES
from batch.train import Plan, Progress, train_on
from contracts.errors import Misconfigured
from contracts.events import ItemEvent
from contracts.settings import Settings
from model.bundle import Bundle
from moodstream.console import bar, console, say

MOVIELENS: Final = "ml-100k"
_STEPS: Final = 1000


def evaluate(
    settings: Settings,
    events: Path | None,
    items: Path | None,
    dataset: str,
    json_file: Path | None,
    seed: int,
    max_events: int | None,
) -> None:
    """Evaluate on a data set in the plain form, or on MovieLens-100K without one; prints a table.

    With a `json_file` the `Evaluation` is written there. Raises `Misconfigured`, `InvalidEvent`, `Unavailable`.
    """
    events, items = _files(settings, events, items)
    log, catalogue = read_events(events), read_items(items)
    with ExitStack() as bars:
        found = protocol.evaluate(
            log,
            lambda head: _trained(head, catalogue, seed),
            dataset=dataset or events.parent.name,
            seed=seed,
            max_events=max_events,
            tell=_watched(bars),
        )
    _show(found)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        say(f"written to {json_file}")


def _files(settings: Settings, events: Path | None, items: Path | None) -> tuple[Path, Path]:
    if events is not None and items is not None:
        return events, items
    if events is not None or items is not None:
        raise Misconfigured("--events and --items go together; without both it is MovieLens-100K")
    folder = settings.home / "data" / MOVIELENS
    if not movielens.is_there(folder):
        say(movielens.fetch(folder, say))
    return folder / movielens.EVENTS, folder / movielens.ITEMS


def _trained(head: Sequence[UserEvent], items: Sequence[ItemEvent], seed: int) -> Bundle:
    with bar("training", _STEPS, "‰") as told:

        def tell(progress: Progress) -> None:
            where = f"{progress.phase} epoch {progress.epoch + 1}"
            told(int(_STEPS * progress.share), f"loss {progress.loss:.3f}, {where}, {progress.left:.0f} s left")

        return train_on(of_events(head), catalogue_of(items), Plan(seed=seed), tell)


def _watched(bars: ExitStack) -> protocol.Tell:
    """One bar after the other: for the states at the split, then for each system."""
    told: dict[str, Callable[[int, str], None]] = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in told:
            bars.close()
            told[what] = bars.enter_context(bar(what, total, "events"))
        told[what](done, "")

    return tell


def _show(found: Evaluation) -> None:
    table = Table(title=f"{found.dataset}: {found.n_events:,} events of {found.n_users:,} users", title_justify="left")
    table.add_column("system")
    for name in NAMES:
        table.add_column(f"{name.upper()} ± 95%", justify="right")
    table.add_column("seconds", justify="right")
    for system, means in found.systems.items():
        cells = [_cell(means[name], *found.intervals[system][name]) for name in NAMES]
        table.add_row(system, *cells, f"{found.seconds[system]:.0f}")
    console.print(table)
    for system, gained in found.gained.items():
        cells = [f"{name} {one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}]" for name, one in gained.items()]
        say(f"whole against {system}: {', '.join(cells)}")
    say(f"{found.new_users:.0%} of the events are by users who are new since the split; {found.protocol}")


def _cell(mean: float, low: float, high: float) -> str:
    return f"{mean:.4f} ± {(high - low) / 2:.4f}"
