"""How the command line speaks: lines, progress bars and tables, on any terminal or in a log file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 100)
"""What a person reads; programs read what `--json` prints."""


def say(line: str) -> None:
    """One line for the person at the terminal."""
    console.print(line, markup=False)


@contextmanager
def bar(what: str, total: int, unit: str) -> Iterator[Callable[[int, str], None]]:
    """A progress bar; the function it gives takes how much is done by now and a few words more.

    Where nobody watches (no terminal), a line every tenth of the way instead.
    """
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
        with Progress(*columns, TextColumn("{task.fields[more]}"), TimeRemainingColumn(), console=console) as progress:
            task = progress.add_task(what, total=total, more="")
            yield lambda done, more: progress.update(task, completed=done, more=more)
        return
    said = [-1]

    def line(done: int, more: str) -> None:
        tenth = 10 * done // max(1, total)
        if tenth > said[0]:
            said[0] = tenth
            say(f"{what}: {done:,} of {total:,} {unit} {more}")

    yield line
