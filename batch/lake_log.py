"""The log as the lake holds it: all partitions in one, with the newest impressions."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.log import Log, Row, log_of
from contracts.events import Context, Impression, Shown
from contracts.kinds import MOOD_KIND, ORDER
from contracts.moods import mood_of

PAGES: Final = 50_000
"""Impressions read at most, the newest: about 100 MB."""
_NOWHERE: Final = Context()
_KINDS: Final[dict[str, int]] = {"": MOOD_KIND} | {str(kind): row for row, kind in enumerate(ORDER)}
_INTERACTION: Final = ("user_id", "item_id", "kind", "weight", "mood", "time", "value")
_WHERE: Final = ("mood_said", "place", "device", "session", "request_id", "extra")
_IMPRESSION: Final = ("event_id", "time", "user_id", "request_id", "bundle", "shown")


def of_table(table: pa.Table) -> Log:
    """The log of a table with the columns of the lake's `TRAINING`, in the order in which the events arrived.

    Each partition's order stays, so a user's does. In the lake one partition follows the other: the end of that is
    some users' whole past, not what came last.
    """
    table = table.take(pa.array(by_arrival(table["partition"].to_numpy(), table["arrival"].to_numpy())))
    kept = np.ones(len(table), np.bool_)
    kept[np.flatnonzero(pc.equal(table["type"], "impression"))[:-PAGES]] = False
    return log_of(_entries(table.filter(pa.array(kept))))


def by_arrival(partition: NDArray[np.int32], arrival: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows (n,) in their new order; a clock that was set back moves no event before an earlier one."""
    latest = arrival.copy()
    for one in np.unique(partition):
        own = partition == one
        latest[own] = np.maximum.accumulate(arrival[own])
    return np.argsort(latest, kind="stable")


def _entries(table: pa.Table) -> Iterator[Row | Impression]:
    shown = pc.equal(table["type"], "impression")
    impressions = (_impression(*cells) for cells in _rows(table.filter(shown), _IMPRESSION))
    rows = zip(shown.to_pylist(), _rows(table, _INTERACTION), _rows(table, _WHERE), strict=True)
    return (next(impressions) if is_shown else _row(event, where) for is_shown, event, where in rows)


def _rows(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def _row(event: tuple[Any, ...], where: tuple[Any, ...]) -> Row:
    user, item, kind, weight, mood, time, value = event
    return user, item, _KINDS[kind], float(weight), mood_of(mood) or 0, time, value, _context(*where)


def _context(mood_said: str, place: str, device: str, session: str, request_id: str, extra: str) -> Context | None:
    found = Context(
        mood=mood_said or None,
        place=place or None,
        device=device or None,
        session=session or None,
        request_id=request_id or None,
        extra=msgspec.json.decode(extra, type=dict[str, str | float]) if extra else {},
    )
    return None if found == _NOWHERE else found


def _impression(
    event_id: str, time: int, user_id: str, request_id: str, bundle: str, shown: Sequence[dict[str, Any]]
) -> Impression:
    items = [Shown(**one) for one in shown]
    return Impression(event_id=event_id, time=time, user_id=user_id, request_id=request_id, bundle=bundle, shown=items)
