"""Whether a night's data may be learned from: whole, as much as usual, not from the future, nor twice, nor a bot's.

What is looked at is new: later than what the serving bundle learned from. The lake goes by once, some thousand rows at
a time (`batch.nightly.seen`); repeats and pace are asked of as many users as fit.
"""

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from batch.nightly.check import Check, at_least, at_most
from batch.nightly.night import Begun, Data
from batch.nightly.seen import TYPES, Seen
from batch.nightly.terms import HOUR_MS
from model.bundle import Bundle

LEAST: Final = 100
"""Interactions; of fewer nothing can be said."""
_VOLUME: Final = 5.0
"""How many times as much as usual, or as little."""
_FUTURE: Final = 0.01
_TWICE: Final = 0.05
_ONE: Final = 0.2
"""Of the interactions, by one user or in one session."""
_BOTS: Final = 0.1
_A_MINUTE: Final = 60
"""Interactions of a user within a minute from which on it isn't a person's hand."""
_UNKNOWN: Final = 0.5
NAMES: Final = ("new", "schema", "watermark", "future", "duplicates", "volume", "lopsided", "bots", "unknown-items")

Rows = Callable[[Sequence[str]], Iterable[pa.Table]]
"""Reads these columns of the lake, some thousand rows at a time, those too that came twice."""


def looked_at(rows: Rows, begun: Begun, base: Bundle, known: Sequence[str], earlier: Sequence[Data]) -> Data:
    """What the rows (of `lake.rows_of`) are like; `known` are the catalogue's items, `earlier` the nights before."""
    seen = Seen(base.watermark.time, begun, known)
    for table in rows(Seen.COLUMNS):
        seen.take(table)
    since, until, hours = seen.since, seen.until, max((seen.until - seen.since) / HOUR_MS, 1e-3)
    usual = (
        median(night.new / night.hours for night in earlier)
        if earlier
        else _before(rows, base.watermark.time, since, until)
    )
    checks = [
        at_least("new", seen.taken, LEAST, f"{seen.taken:,} interactions are new; less than {LEAST} prove nothing"),
        _schema(seen),
        at_most("watermark", seen.late, 0, f"{seen.late:,} events arrived after the night began"),
        _future(seen),
        _duplicates(seen),
        _volume(seen.new / hours, usual),
        _lopsided(seen),
        _bots(seen),
        _unknown(seen),
    ]
    return Data(
        events=seen.events, new=seen.new, users=seen.users, since=since, until=until, hours=hours, checks=checks
    )


def _schema(seen: Seen) -> Check:
    """Columns are typed by the lake; here is what a type doesn't say."""
    said = f"{seen.bad:,} interactions have no user, no item, an unknown kind or a weight beyond 1"
    return at_most("schema", _share(seen.bad, seen.taken), 0.0, said)


def _future(seen: Seen) -> Check:
    share = _share(seen.ahead, seen.new)
    return at_most("future", share, _FUTURE, f"{share:.1%} of the events say that they happened after they arrived")


def _duplicates(seen: Seen) -> Check:
    """Sent again under the same id, or the same thing at the same millisecond under another."""
    share = _share(max(seen.drawn.again()), len(seen.drawn))
    return at_most("duplicates", share, _TWICE, f"{share:.1%} of the events came more than once")


def _before(rows: Rows, watermark: int, since: int, until: int) -> float:
    """Events an hour in as long a time just before what is new: the lake goes by once more, in the first night."""
    found = 0
    for table in rows(("type", "time")):
        time = table["time"].to_numpy()[pc.is_in(table["type"], pa.array(TYPES)).to_numpy()]
        found += int(((time <= watermark) & (time > 2 * since - until)).sum())
    return found * HOUR_MS / max(1, until - since)


def _volume(rate: float, usual: float) -> Check:
    """Against the earlier nights; before there are any, against as long a time just before."""
    if not usual or not rate:
        return at_most("volume", 1.0, _VOLUME, "nothing to compare with")
    times = max(rate / usual, usual / rate)
    said = f"{rate:,.0f} events an hour, usually {usual:,.0f}"
    return at_most("volume", times, _VOLUME, said)


def _lopsided(seen: Seen) -> Check:
    worst, who = 0.0, "nobody"
    for named, (name, count) in seen.most():
        worst, who = max((worst, who), (_share(count, seen.taken), f"{named} {name!r}"))
    said = f"{worst:.0%} of the interactions are by {who}"
    way_out = "" if worst <= _ONE else "; a user whom DELETE /v1/users/ID erases isn't in the next night's data"
    return at_most("lopsided", worst, _ONE, said + way_out)


def _bots(seen: Seen) -> Check:
    """By what they say they are, or because nobody's hand is so quick."""
    share = seen.drawn.bots(_A_MINUTE)
    why = f"{share:.0%} of the interactions are by bots: by their user agent, or {_A_MINUTE} and more in a minute"
    return at_most("bots", share, _BOTS, why)


def _unknown(seen: Seen) -> Check:
    share = _share(seen.strange, seen.taken)
    return at_most("unknown-items", share, _UNKNOWN, f"{share:.0%} of the interactions are with items of no catalogue")


def _share(some: int, of: int) -> float:
    return some / of if of else 0.0
