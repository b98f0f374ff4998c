"""Whether a night's data may be learned from: whole, as much as usual, not from the future, nor twice, nor a bot's.

What is looked at is new: later than what the serving bundle learned from.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.nightly.check import Check, at_least, at_most
from batch.nightly.night import Begun, Data
from batch.nightly.terms import HOUR_MS
from contracts.kinds import ORDER
from model.bundle import Bundle
from online.lake.rules import STEPPING

LEAST: Final = 100
"""Interactions; of fewer nothing can be said."""
_VOLUME: Final = 5.0
"""How many times as much as usual, or as little."""
_FUTURE_MS: Final = 5 * 60_000
"""Clocks of devices may be so far ahead."""
_FUTURE: Final = 0.01
_TWICE: Final = 0.05
_ONE: Final = 0.2
"""Of the interactions, by one user or in one session."""
_BOTS: Final = 0.1
_A_MINUTE: Final = 60
"""Interactions of a user within a minute from which on it isn't a person's hand."""
_UNKNOWN: Final = 0.5
NAMES: Final = ("new", "schema", "watermark", "future", "duplicates", "volume", "lopsided", "bots", "unknown-items")

Ints = NDArray[np.int64]


def looked_at(rows: pa.Table, begun: Begun, base: Bundle, known: Sequence[str], earlier: Sequence[Data]) -> Data:
    """What the rows (of `lake.rows_of`) are like; `known` are the catalogue's items, `earlier` the nights before."""
    rows = rows.filter(pc.is_in(rows["type"], pa.array([*STEPPING, "impression"])))
    time = rows["time"].to_numpy()
    fresh = time > base.watermark.time
    new = rows.filter(pa.array(fresh))
    taken = new.filter(pc.equal(new["type"], "interaction"))
    since, until = (int(time[fresh].min()), int(time[fresh].max())) if fresh.any() else (0, 0)
    hours = max((until - since) / HOUR_MS, 1e-3)
    checks = [
        at_least("new", len(taken), LEAST, f"{len(taken):,} interactions are new; less than {LEAST} prove nothing"),
        _schema(taken),
        _watermark(new, begun),
        _future(new),
        _duplicates(new),
        _volume(len(new) / hours, [night.new / night.hours for night in earlier], time[~fresh], since, until),
        _lopsided(taken),
        _bots(taken),
        _unknown(taken, known),
    ]
    users = len(pc.unique(new["user_id"]))
    return Data(events=len(rows), new=len(new), users=users, since=since, until=until, hours=hours, checks=checks)


def _schema(taken: pa.Table) -> Check:
    """Columns are typed by the lake; here is what a type doesn't say."""
    weight, time = taken["weight"].to_numpy(), taken["time"].to_numpy()
    bad = ~pc.is_in(taken["kind"], pa.array([str(kind) for kind in ORDER])).to_numpy()
    bad |= pc.equal(taken["item_id"], "").to_numpy() | pc.equal(taken["user_id"], "").to_numpy()
    bad |= ~(np.abs(weight) <= 1) | (time <= 0)
    said = f"{bad.sum():,} interactions have no user, no item, an unknown kind or a weight beyond 1"
    return at_most("schema", _share(int(bad.sum()), len(taken)), 0.0, said)


def _watermark(new: pa.Table, begun: Begun) -> Check:
    late = int((new["arrival"].to_numpy() > begun.time + _FUTURE_MS).sum())
    return at_most("watermark", late, 0, f"{late:,} events arrived after the night began")


def _future(new: pa.Table) -> Check:
    ahead = int((new["event_time"].to_numpy() > new["arrival"].to_numpy() + _FUTURE_MS).sum())
    share = _share(ahead, len(new))
    return at_most("future", share, _FUTURE, f"{share:.1%} of the events say that they happened after they arrived")


def _duplicates(new: pa.Table) -> Check:
    """Sent again under the same id, or the same thing at the same millisecond under another."""
    ids = len(new) - _distinct(new, "user_id", "event_id")
    taken = new.filter(pc.equal(new["type"], "interaction"))
    things = len(taken) - _distinct(taken, "user_id", "item_id", "kind", "time")
    share = _share(max(ids, things), len(new))
    return at_most("duplicates", share, _TWICE, f"{share:.1%} of the events came more than once")


def _volume(rate: float, earlier: Sequence[float], before: Ints, since: int, until: int) -> Check:
    """Against the earlier nights; before there are any, against as long a time just before."""
    usual = median(earlier) if earlier else float((before > 2 * since - until).sum()) * HOUR_MS / max(1, until - since)
    if not usual or not rate:
        return at_most("volume", 1.0, _VOLUME, "nothing to compare with")
    times = max(rate / usual, usual / rate)
    said = f"{rate:,.0f} events an hour, usually {usual:,.0f}"
    return at_most("volume", times, _VOLUME, said)


def _lopsided(taken: pa.Table) -> Check:
    worst, who = 0.0, "nobody"
    for column, named in (("user_id", "user"), ("session", "session")):
        counts = pc.value_counts(taken[column].filter(pc.not_equal(taken[column], "")))
        if len(counts):
            most = max(counts.to_pylist(), key=lambda one: one["counts"])
            share = _share(most["counts"], len(taken))
            worst, who = max((worst, who), (share, f"{named} {most['values']!r}"))
    said = f"{worst:.0%} of the interactions are by {who}"
    way_out = "" if worst <= _ONE else "; a user whom DELETE /v1/users/ID erases isn't in the next night's data"
    return at_most("lopsided", worst, _ONE, said + way_out)


def _bots(taken: pa.Table) -> Check:
    """By what they say they are, or because nobody's hand is so quick."""
    said = pc.equal(taken["device"], "bot").to_numpy()
    user = taken["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    minute = np.stack([user.astype(np.int64), taken["time"].to_numpy() // 60_000])
    _, which, counts = np.unique(minute, axis=1, return_inverse=True, return_counts=True)
    share = _share(int((said | (counts[which.ravel()] >= _A_MINUTE)).sum()), len(taken))
    why = f"{share:.0%} of the interactions are by bots: by their user agent, or {_A_MINUTE} and more in a minute"
    return at_most("bots", share, _BOTS, why)


def _unknown(taken: pa.Table, known: Sequence[str]) -> Check:
    strange = int(pc.invert(pc.is_in(taken["item_id"], pa.array(known, pa.string()))).to_numpy().sum())
    share = _share(strange, len(taken))
    return at_most("unknown-items", share, _UNKNOWN, f"{share:.0%} of the interactions are with items of no catalogue")


def _distinct(table: pa.Table, *columns: str) -> int:
    return len(table.select(list(columns)).group_by(list(columns)).aggregate([]))


def _share(some: int, of: int) -> float:
    return some / of if of else 0.0
