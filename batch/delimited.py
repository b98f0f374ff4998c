"""The records of a text table: cells by a delimiter, quoted as RFC 4180 says, and what is wrong told with its line."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from batch.lines import MAX_LINE, Line, Lines

DELIMITERS: Final = ("\t", ";", ",")
_MAX_LINES: Final = 10_000


class Record(NamedTuple):
    """One row of a table: its number, its cells, and the text it was (None where it was no text)."""

    number: int
    cells: Sequence[Any]
    raw: str | None = None


class Wrong(NamedTuple):
    """A row that can't be taken in, and why."""

    number: int
    reason: str
    raw: str


def delimiter_of(names: str) -> str:
    """What separates the columns, seen in the line of their names."""
    return max(DELIMITERS, key=lambda delimiter: (names.count(delimiter), delimiter == ","))


def split(line: str, delimiter: str) -> list[str]:
    """The cells of one line."""
    if '"' not in line:
        return line.split(delimiter)
    if delimiter == ",":
        return next(csv.reader([line]), [])
    if delimiter == ";":
        return next(csv.reader([line], delimiter=";"), [])
    return line.split(delimiter) if delimiter != "\t" else [_unquoted(cell) for cell in line.split("\t")]


def records(lines: Lines, width: int, delimiter: str) -> Iterator[Record | Wrong]:
    """The records of `width` cells; blank lines are no records.

    A record whose quotes go wrong costs its first line only: the lines that it had swallowed are read again.
    """
    quoting = delimiter in ",;"
    for line in lines:
        number, text, wrong = line
        if wrong:
            yield Wrong(number, wrong, text)
        elif not text.strip():
            continue
        elif quoting and '"' in text:
            yield _quoted(line, lines, width, delimiter)
        else:
            cells = split(text, delimiter)
            yield Record(number, cells, text) if len(cells) == width else _of_width(line, len(cells), width)


def _quoted(first: Line, lines: Lines, width: int, delimiter: str) -> Record | Wrong:
    taken = [first]
    try:
        cells = next(csv.reader(_more(taken, lines), delimiter=delimiter, strict=True))
    except csv.Error as error:
        lines.give_back(taken[1:])
        return Wrong(first.number, str(error), first.text)
    if len(cells) == width:
        return Record(first.number, cells, "\n".join(line.text for line in taken))
    lines.give_back(taken[1:])
    return _of_width(first, len(cells), width)


def _more(taken: list[Line], lines: Lines) -> Iterator[str]:
    """The lines of one record as csv asks for them, up to what a record may have."""
    yield taken[0].text + "\n"
    length = len(taken[0].text)
    while len(taken) < _MAX_LINES and length < MAX_LINE:
        line = next(lines, None)
        if line is None or line.wrong:
            if line is not None:
                lines.give_back([line])
            return
        taken.append(line)
        length += len(line.text)
        yield line.text + "\n"


def _of_width(line: Line, cells: int, width: int) -> Wrong:
    return Wrong(line.number, f"{cells} cells, the header has {width}", line.text)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
