"""`moodstream data import`: bars while it works, and a report that says what was understood."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from batch.importing.report import FileFound, Report
from batch.importing.run import bring_in, examine
from batch.importing.source import Source
from contracts.errors import InvalidEvent
from contracts.moment import to_the_second
from moodstream.bars import bars
from moodstream.console import say

_NAME, _PART = 22, 12


def import_files(source: Source, out: Path) -> None:
    """Bring a data set into the plain form, and report. Raises `InvalidEvent` where nothing in it is good."""
    with bars("") as tell:
        report = bring_in(source, out, tell)
    _say(report)
    _refuse_nothing(report)


def examine_files(source: Source, out: Path) -> None:
    """Report what an import would do, without it. Raises `InvalidEvent` where nothing in the files is good."""
    with bars("") as tell:
        report = examine(source, out, tell)
    _say(report)
    _refuse_nothing(report)
    say("a dry run: nothing was imported")


def print_json(source: Source, out: Path, *, dry_run: bool) -> None:
    """The report of either as JSON. Raises `InvalidEvent` where nothing in the files is good."""
    report = (examine if dry_run else bring_in)(source, out, _silent)
    print(msgspec.json.format(msgspec.json.encode(report)).decode())
    _refuse_nothing(report)


def _silent(what: str, done: int, total: int) -> None:
    """For programs, which see no bars."""


def _say(report: Report) -> None:
    for line in lines(report):
        say(line)


def _refuse_nothing(report: Report) -> None:
    if report.events:
        return
    path = report.files[-1].path
    first = next((row for row in report.first_wrong if row.file == path), None)
    said = f"line {first.line}: {first.reason}; " if first else ""
    raise InvalidEvent(f"no event of {path} is good: {said}all wrong rows are in {report.wrong_file}")


def lines(report: Report) -> Iterator[str]:
    """The report for a person, line by line."""
    for file in report.files:
        yield from _file(file)
    yield ""
    yield from _events(report)
    for number, column in enumerate(report.context):
        many = f"{column.values:,}{' or more' if column.more else ''} values in {column.events:,} events"
        yield f"{'' if number else 'context':12}{column.column}: {many}"
    if not report.context:
        yield "context     none"
    yield from _items(report)
    yield from _wrong(report)
    for note in report.notes:
        yield f"note        {note}"
    if report.written:
        yield f"written     {' and '.join(report.written)}"


def _events(report: Report) -> Iterator[str]:
    yield f"events      {report.events:,} of {report.users:,} users on {report.items:,} items"
    yield f"kinds       {', '.join(f'{kind} {count:,}' for kind, count in report.kinds.items()) or 'none'}"
    renamed = [f"{word} is {kind}" for word, kind in report.words.items() if word != kind]
    if renamed:
        yield f"            {', '.join(renamed)}"
    if report.lowest is not None:
        yield f"values      {report.lowest:g} to {report.highest:g}"
    if report.events:
        yield f"time        {to_the_second(report.first_ms)} to {to_the_second(report.last_ms)} UTC"
        yield f"            {report.tied:.1%} of the events have the very time of their user's previous one"


def _items(report: Report) -> Iterator[str]:
    whence = "" if report.has_items_file else ", bare ids: no items file was named"
    yield f"catalogue   {report.catalogue:,} items{whence}"
    if report.has_items_file:
        share = report.unknown_items / max(1, report.events)
        yield f"            {report.unknown_items:,} events ({share:.1%}) have an item that is not in it"
    if report.repeated_items:
        yield f"            {report.repeated_items:,} rows say an item again: the last row counts"


def _file(file: FileFound) -> Iterator[str]:
    yield f"{file.path}: {file.form}, {file.rows:,} rows"
    for column in file.columns:
        yield f"  {column.name:{_NAME}} {column.part:{_PART}} {column.note}".rstrip()


def _wrong(report: Report) -> Iterator[str]:
    rows = sum(file.rows for file in report.files)
    yield f"wrong       {report.wrong:,} of {rows:,} rows"
    for reason, count in list(report.reasons.items())[:10]:
        yield f"            {count:,} × {reason}"
    if report.wrong:
        yield "  the first:"
    for row in report.first_wrong:
        yield f"    {Path(row.file).name}, line {row.line}: {row.reason}: {row.raw[:100]}"
    if report.wrong:
        yield f"  all of them: {report.wrong_file}"
