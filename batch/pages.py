"""The newest impressions of a lake that is read for training, and where each belongs among the events."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from batch.drawn_users import DrawnUsers
from contracts.events import Impression, Shown

PAGES: Final = 50_000
"""Impressions held at most, the newest: about 100 MB."""
COLUMNS: Final = ("event_id", "time", "user_id", "request_id", "bundle", "shown")

_AT_ONCE: Final = 1000

Ints = NDArray[np.int64]


class _Some(NamedTuple):
    table: pa.Table
    latest: Ints
    place: Ints

    def only(self, rows: Ints) -> "_Some":
        return _Some(self.table.take(pa.array(rows)), self.latest[rows], self.place[rows])


class Pages:
    """Takes impressions with the partition's `latest` arrival so far and their `place` among all rows read."""

    def __init__(self) -> None:
        self._held: list[_Some] = []
        self._count = 0

    def take(self, table: pa.Table, latest: Ints, place: Ints, users: DrawnUsers) -> None:
        """Those of the drawn users stay."""
        if not len(table):
            return
        found = _drawn(_Some(table.select(COLUMNS), latest, place), users)
        self._held.append(found)
        self._count += len(found.place)
        if self._count > 2 * PAGES:
            self._keep(self._newest())

    def end(self, begun: int, latest: Ints, place: Ints) -> None:
        """Of a partition, whose rows began at place `begun`: none comes before an event that it stands behind."""
        behind = np.concatenate([[0], latest])
        self._held = [
            one._replace(
                latest=np.maximum(one.latest, np.where(one.place < begun, 0, behind[np.searchsorted(place, one.place)]))
            )
            for one in self._held
        ]

    def only(self, users: DrawnUsers) -> None:
        """Keep those of the drawn users."""
        if self._held:
            self._keep(_drawn(self._newest(), users))

    def before(self, latest: Ints, place: Ints) -> NDArray[np.object_]:
        """(n,): what stands just before each of these events, which are in order: a tuple of `Impression`, or None."""
        found = np.full(len(place), None, np.object_)
        if not self._held:
            return found
        pages = self._newest()
        for page, arrived, own in zip(_each(pages.table), pages.latest.tolist(), pages.place.tolist(), strict=True):
            first, end = np.searchsorted(latest, arrived, "left"), np.searchsorted(latest, arrived, "right")
            at = int(first + np.searchsorted(place[first:end], own))
            if at < len(found):
                found[at] = (*(found[at] or ()), page)
        return found

    def _newest(self) -> _Some:
        """All that are held, in order and no more than may be."""
        latest, place = (np.concatenate([one[column] for one in self._held]) for column in (1, 2))
        whole = _Some(pa.concat_tables([one.table for one in self._held]), latest, place)
        return whole.only(np.lexsort((place, latest))[-PAGES:])

    def _keep(self, one: _Some) -> None:
        self._held, self._count = [one], len(one.place)


def _drawn(some: _Some, users: DrawnUsers) -> _Some:
    if users.share == 1:
        return some
    return some.only(np.flatnonzero(users.drawn(some.table["user_id"].to_pylist())))


def _each(table: pa.Table) -> Iterator[Impression]:
    """Made some at a time: what Arrow hands over is several times as large as what stays."""
    ids: dict[str, str] = {}
    for batch in table.to_batches(max_chunksize=_AT_ONCE):
        rows = zip(*(batch[name].to_pylist() for name in COLUMNS), strict=True)
        for row in rows:
            yield _impression(ids, *row)


def _impression(
    ids: dict[str, str],
    event_id: str,
    time: int,
    user_id: str,
    request_id: str,
    bundle: str,
    shown: list[dict[str, Any]],
) -> Impression:
    """Equal ids of items are one text."""
    items = [Shown(ids.setdefault(one["item_id"], one["item_id"]), *list(one.values())[1:]) for one in shown]
    return Impression(event_id=event_id, time=time, user_id=user_id, request_id=request_id, bundle=bundle, shown=items)
