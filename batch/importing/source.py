"""The files of a data set, and what their owner says of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from batch.table import Headers, no_names


class DoubleColon(NamedTuple):
    """The names of the columns of `::` tables, which have no line of names."""

    events: Headers = no_names
    items: Headers = no_names
    users: Headers = no_names


class Source(NamedTuple):
    """A data set as somebody has it."""

    events: Path
    items: Path | None = None
    users: Path | None = None
    """Their columns become context of each of their events."""
    columns: Mapping[str, str] = {}
    """Our name → the column of the events file."""
    item_columns: Mapping[str, str] = {}
    """Our name → the column of the items file."""
    header: Sequence[str] = ()
    """The columns' names of an events file that has no line of names."""
    encoding: str = ""
    """Of lines, of any of the files, that are not UTF-8."""
    without: frozenset[str] = frozenset()
    """Columns, of any of the files, that are not taken in."""
    kinds: Mapping[str, str] = {}
    """The file's word → a kind."""
    kind: str = ""
    """The kind of an event that says none."""
    best_rating: float = 5.0
    """The best that a rating of the file can be."""
    double_colon: DoubleColon = DoubleColon()
