"""Rows of a text table (CSV, TSV, `::`; plain or gzipped) or a Parquet file; a wrong row is told apart, not raised."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from batch.delimited import Record, Wrong, delimiter_of, records, split
from batch.lines import opened
from batch.parquet import opened_parquet
from contracts.errors import InvalidEvent

DOUBLE_COLON: Final = "::"
Headers = Callable[[int], Sequence[str] | None]
"""The names of so many columns of a `::` table, which has no line of names; None when nobody knows them."""


class Table(NamedTuple):
    """A table that is being read; an empty cell is "" in text and None in Parquet."""

    path: Path
    names: tuple[str, ...]
    rows: Iterator[Record | Wrong]
    """In the file's order; a text row's number is that of its line, counted from 1."""
    form: str
    """What the file was understood as, in words."""
    size: int
    done: Callable[[], int]
    """How much of `size` has been read: bytes, or rows of Parquet."""
    whole: frozenset[str] = frozenset()
    """Columns whose type says that they are whole numbers."""
    numbers: frozenset[str] = frozenset()
    """Columns whose type says that they are other numbers."""
    unfit: tuple[str, ...] = ()
    """Columns, with their types, that hold no plain cells."""

    def place(self, number: int) -> str:
        """Where a row stands, in words."""
        return f"{self.path}: row {number}" if self.form == "Parquet" else f"{self.path}:{number}"


def no_names(_: int) -> None:
    """For tables that must have a line of names."""
    return


@contextmanager
def table(path: Path, names: Sequence[str] = (), headers: Headers = no_names, encoding: str = "") -> Iterator[Table]:
    """Open a file; `names` are its columns' where it has no line of names, `encoding` that of lines that aren't UTF-8.

    Raises `InvalidEvent`, with the file and line, for what is no table.
    """
    if not path.is_file():
        raise InvalidEvent(f"{path}: no such file")
    if _is_parquet(path):
        with opened_parquet(path) as found:
            _no_doubles(found.names, str(path))
            yield Table(path, found.names, found.rows, "Parquet", found.size, found.done, *found.kinds)
        return
    colons = _is_double_colon(path)
    with opened(path, encoding or ("latin-1" if colons else "")) as (lines, file):
        first = next(lines, None)
        if first is None:
            raise InvalidEvent(f"{path}:1: the file is empty")
        if first.wrong:
            raise InvalidEvent(f"{path}:1: {first.wrong}: a table of text starts with the names of its columns")
        delimiter = DOUBLE_COLON if colons else delimiter_of(first.text)
        width = len(split(first.text, delimiter))
        known = tuple(names) or (tuple(headers(width) or ()) if colons else ())
        if known:
            lines.give_back([first])
        header = known or tuple(name.strip() for name in split(first.text, delimiter))
        _be_names(header, path)
        _no_doubles(header, f"{path}:1")
        form = f"text, separated by {delimiter!r}, {'without' if known else 'with'} a line of names"
        yield Table(path, header, records(lines, len(header), delimiter), form, path.stat().st_size, file.tell)


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return path.suffix == ".parquet" or file.read(4) == b"PAR1"
    except OSError as error:
        raise InvalidEvent(f"{path} can't be read: {error.strerror}") from error


def _is_double_colon(path: Path) -> bool:
    with opened(path) as (lines, _):
        first = next(lines, None)
        return first is not None and DOUBLE_COLON in first.text


def _be_names(header: Sequence[str], path: Path) -> None:
    if all(name.replace(".", "").lstrip("-").isdigit() for name in header):
        raise InvalidEvent(
            f"{path}:1: {', '.join(header)[:200]} are no names: moodstream data import --header says them"
        )


def _no_doubles(names: Sequence[str], place: str) -> None:
    double = sorted({name for name in names if name and names.count(name) > 1})
    if double:
        raise InvalidEvent(f"{place}: column {', '.join(double)} occurs more than once")


def demand(found: Table, required: Sequence[str]) -> None:
    """Raises `InvalidEvent` where columns are missing."""
    missing = [name for name in required if name not in found.names]
    if missing:
        there = ", ".join(name for name in found.names if name) or "no columns at all"
        place = str(found.path) if found.form == "Parquet" else f"{found.path}:1"
        raise InvalidEvent(f"{place}: no column {', '.join(missing)} among {there}")


def good(found: Table) -> Iterator[tuple[int, Sequence[Any]]]:
    """Number and cells of each row. Raises `InvalidEvent`, with the place, at the first that is wrong."""
    for row in found.rows:
        if isinstance(row, Wrong):
            raise InvalidEvent(f"{found.place(row.number)}: {row.reason}")
        yield row.number, row.cells
