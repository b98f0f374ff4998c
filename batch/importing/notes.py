"""What the importer would look at again, in a report's figures; each note says the way out."""

from collections.abc import Iterator
from typing import Final

from batch.importing.events import STARS
from batch.importing.report import Report
from online.learn.enrich import COLUMNS

_1990_MS: Final = 631_152_000_000
_MANY: Final = 1_000


def notes_on(report: Report) -> list[str]:
    """The notes, the gravest first."""
    return [note for part in (_times, _values, _items, _context) for note in part(report)]


def _times(report: Report) -> Iterator[str]:
    if report.events and report.first_ms < _1990_MS:
        yield "the first event is older than 1990: is the column of times really one?"
    if report.tied > 0.5:
        yield "most events have the very time of the one before: within a time they stay in the file's order"


def _values(report: Report) -> Iterator[str]:
    if report.highest is not None and report.highest > STARS and report.kinds.get("rating"):
        yield f"values reach {report.highest:g}, and the best rating is {STARS:g}: --best-rating {report.highest:g}"


def _items(report: Report) -> Iterator[str]:
    if report.unknown_items:
        yield "what is not in the items file is never recommended: does it lack items, or write their ids otherwise?"
    if report.unknown_users:
        yield f"{report.unknown_users:,} events are of users who are not in the users file"


def _context(report: Report) -> Iterator[str]:
    for column in report.context:
        if column.values > max(_MANY, column.events // 2) or column.more:
            yield f"{column.column} has nearly a value for every event: leave it out with --without {column.column}"
    if len(report.context) > COLUMNS:
        yield f"{len(report.context)} columns of context, {COLUMNS} count (by name): leave some out with --without"
