"""What an import understood and found, for people and programs."""

from collections.abc import Mapping, Sequence

import msgspec

from batch.importing.roles import Roles
from batch.importing.wrong import WrongRow


class Column(msgspec.Struct):
    """One column of a file, and the part it plays."""

    name: str
    part: str
    """A name of the plain form, `context` or `content`; `left out` where it is not taken in."""
    note: str = ""


class FileFound(msgspec.Struct):
    """One file, as it was understood."""

    path: str
    form: str
    rows: int
    """Records in it, the wrong ones among them; the line of names is none."""
    columns: list[Column]


class Values(msgspec.Struct):
    """A column of context: how many values it has."""

    column: str
    values: int
    events: int
    """Events that have one."""
    more: bool = False
    """There are more values than were counted."""


class Report(msgspec.Struct):
    """What an import understood and found; all times are UTC milliseconds."""

    files: list[FileFound]
    events: int = 0
    """Good ones, without those that say the same as another."""
    users: int = 0
    items: int = 0
    """Items that have events."""
    has_items_file: bool = False
    catalogue: int = 0
    """Items of the items file; of the events where there is none."""
    kinds: dict[str, int] = {}
    words: dict[str, str] = {}
    """The file's own words for kinds, as they were understood."""
    first_ms: int = 0
    last_ms: int = 0
    tied: float = 0.0
    """Share of the events that have the very time of their user's previous one."""
    lowest: float | None = None
    highest: float | None = None
    """The least and the greatest value."""
    context: list[Values] = []
    unknown_items: int = 0
    """Events whose item is not in the items file."""
    unknown_users: int = 0
    """Events whose user is not in the users file."""
    repeated_items: int = 0
    """Rows of the items file whose item came again in a later row, which counts."""
    wrong: int = 0
    """Wrong rows of all files, events that say the same as another among them."""
    reasons: dict[str, int] = {}
    first_wrong: list[WrongRow] = []
    wrong_file: str = ""
    """Where all wrong rows are; "" where there are none."""
    notes: list[str] = []
    """What the importer would look at again."""
    written: list[str] = []
    """The files that were written; none in a dry run."""


def columns_of(
    names: Sequence[str], parts: Roles, further: str, notes: Mapping[str, str], unfit: Sequence[str]
) -> list[Column]:
    """What became of a file's columns; `notes` are by our name or the column's."""
    ours = {column: name for name, column in parts.of.items()}
    found: list[Column] = []
    for name in names:
        part = ours.get(name) or (further if name in parts.further else "left out")
        found.append(Column(name, part, notes.get(ours.get(name, name), "")))
    return [*found, *(Column(name, "left out", "no plain cells") for name in unfit)]
