"""How a night is told at the terminal: each check with its figure, its limit and its verdict."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from batch.nightly.check import Check
from batch.nightly.night import Measured
from batch.nightly.run import Told
from moodstream.bars import bars
from moodstream.console import console, say
from moodstream.training_bar import training_bar


def at_the_terminal() -> Told:
    """With bars for what takes long."""
    return Told(say, print_checks, print_measured, training_bar, lambda: bars("events"))


def print_checks(what: str, checks: Sequence[Check]) -> None:
    """A line each."""
    table = _table(what, "", "figure", "limit", "")
    for check in checks:
        verdict = "[green]ok[/]" if check.ok else "[yellow]overridden[/]" if check.allowed else "[red]REFUSED[/]"
        table.add_row(check.name, verdict, f"{check.figure:.4g}", f"{check.limit:.4g}", escape(check.said))
    console.print(table)


def print_measured(found: Measured) -> None:
    """All systems, with what the candidate gains over each."""
    if not found.events:
        return
    table = _table(f"{found.events:,} events of {found.users:,} users foretold", "HR@10", "NDCG@10", "candidate gains")
    for name, of in found.systems.items():
        gained = found.gained.get(name)
        more = f"{gained.mean:+.4f} ({gained.low:+.4f} to {gained.high:+.4f})" if gained else ""
        table.add_row(name, f"{of['hr@10'].mean:.4f}", f"{of['ndcg@10'].mean:.4f}", more)
    console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table
