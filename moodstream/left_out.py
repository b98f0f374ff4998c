"""`moodstream leave-one-out`: the curve while it trains, a table for people, a file for programs."""

from pathlib import Path
from typing import Final

from rich.table import Table

from batch.dataset import read_events
from batch.leave_one_out import Report, leave_one_out
from batch.plan import Plan
from contracts.errors import Misconfigured
from moodstream.console import bar, console, say
from moodstream.written import write_json

_STEPS: Final = 100


def measure(events: Path, json_file: Path | None, *, minutes: float, seed: int, threads: int) -> None:
    """Train, test, print. Raises `InvalidEvent`, `Misconfigured`."""
    if minutes <= 0:
        raise Misconfigured(f"--minutes must be more than 0, not {minutes}")
    log = read_events(events)
    with bar("training", _STEPS, "% of the budget") as told:
        found = leave_one_out(
            log,
            Plan(seed=seed, threads=threads),
            dataset=events.stem,
            minutes=minutes,
            tell=lambda share, words: told(int(_STEPS * share), words),
        )
    _show(found)
    write_json(json_file, found)


def _show(found: Report) -> None:
    curve = Table(title="quality over the budget, on the validation of some users", title_justify="left")
    for name in ("minutes", "epochs", "loss", "HR@10", "NDCG@10"):
        curve.add_column(name, justify="right")
    for point in found.curve:
        values = (point.validation["hr@10"], point.validation["ndcg@10"])
        curve.add_row(f"{point.minutes:.1f}", f"{point.epochs:.1f}", f"{point.loss:.3f}", *(f"{v:.4f}" for v in values))
    console.print(curve)
    table = Table(title=f"{found.dataset}: the last items of {found.users:,} users among {found.items:,}")
    table.add_column("model")
    table.add_column("HR@10", justify="right")
    table.add_column("NDCG@10", justify="right")
    table.add_column("source")
    for name, figures in (("ours, test", found.test), ("ours, validation", found.validation)):
        spent = f"{found.minutes:.1f} minutes, {found.epochs:.1f} epochs"
        table.add_row(name, f"{figures['hr@10']:.4f}", f"{figures['ndcg@10']:.4f}", spent)
    for other in found.published:
        ndcg = "" if other.ndcg is None else f"{other.ndcg:.4f}"
        table.add_row(other.model, f"{other.hit_rate:.4f}", ndcg, other.source)
    console.print(table)
    say(found.protocol)
