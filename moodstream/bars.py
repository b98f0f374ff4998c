"""Progress of several things that run beside each other: a bar each, or a line now and then where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from moodstream.console import console, say

Tell = Callable[[str, int, int], None]
"""Takes what is under way, how much of it is done, and of how much."""
_QUARTERS = 4


@contextmanager
def bars(unit: str) -> Iterator[Tell]:
    """Bars that appear when they are first told of; nothing is shown before."""
    if not console.is_terminal:
        yield _lines(unit)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    tasks: dict[str, TaskID] = {}
    progress = Progress(*columns, TimeRemainingColumn(), console=console)

    def tell(what: str, done: int, total: int) -> None:
        progress.start()
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total)
        progress.update(tasks[what], completed=done)

    try:
        yield tell
    finally:
        progress.stop()


def _lines(unit: str) -> Tell:
    said: dict[str, int] = {}

    def tell(what: str, done: int, total: int) -> None:
        quarter = _QUARTERS * done // max(1, total)
        if quarter > said.get(what, -1):
            said[what] = quarter
            say(f"{what}: {done:,} of {total:,} {unit}")

    return tell
