"""Times as files write them: which unit a column is in, and each cell as UTC milliseconds."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from batch.plain import SURE_MS, text
from contracts.errors import InvalidEvent

SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS = "seconds", "milliseconds", "microseconds", "nanoseconds"
ISO: Final = "ISO 8601, UTC where no zone is said"
UNKNOWN: Final = "each in the unit that its size shows"
_PER_MS: Final = {SECONDS: 0.001, MILLISECONDS: 1, MICROSECONDS: 1_000, NANOSECONDS: 1_000_000}
_DAY_MS: Final = 24 * 3600 * 1000
_DATE: Final = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Clock = Callable[[Any], int]
"""Takes a cell, gives UTC milliseconds; raises `InvalidEvent`."""


def unit_of(cells: Sequence[Any]) -> str:
    """The unit that most of these cells are in; `UNKNOWN` where none is a time."""
    units = Counter(unit for cell in cells if (unit := _unit(cell)))
    return units.most_common(1)[0][0] if units else UNKNOWN


def clock(unit: str, now_ms: int | None = None) -> Clock:
    """Reads cells of this unit; what lies before 1970 or more than a day after now is no time of an event."""
    latest = (int(time.time() * 1000) if now_ms is None else now_ms) + _DAY_MS
    read = {ISO: _iso, UNKNOWN: _by_size}.get(unit) or _counted(unit)

    def ms(cell: Any) -> int:
        found = read(cell)
        if not 0 <= found <= latest:
            side = "before 1970" if found < 0 else "in the future"
            raise InvalidEvent(f"timestamp {_shown(cell)} lies {side}")
        return found

    return ms


def _by_size(cell: Any) -> int:
    unit = _unit(cell)
    if not unit:
        raise InvalidEvent(f"timestamp {_shown(cell)} is no time: seconds (to nanoseconds) since 1970 or ISO 8601 are")
    return _iso(cell) if unit == ISO else _counted(unit)(cell)


def _counted(unit: str) -> Clock:
    whole = {SECONDS: 1000, MILLISECONDS: 1}.get(unit, 0)
    low, high = SURE_MS * _PER_MS[unit], SURE_MS * _PER_MS[unit] * 1000

    def ms(cell: Any) -> int:
        try:
            count = int(cell)
            if whole and low <= count < high and not isinstance(cell, float):
                return count * whole
            exact = float(cell) if isinstance(cell, float) else count
            found = int(exact / _PER_MS[unit])
        except (TypeError, ValueError, OverflowError):
            exact, found = _fraction(cell, unit)
        other = _unit(cell)
        if exact > 0 and other not in (unit, ISO):
            raise InvalidEvent(f"timestamp {_shown(cell)} looks like {other}, the file's others are {unit}")
        return found

    return ms


def _fraction(cell: Any, unit: str) -> tuple[float, int]:
    try:
        exact = float(cell)
        return exact, int(exact / _PER_MS[unit])
    except (TypeError, ValueError, OverflowError):
        raise InvalidEvent(f"timestamp {_shown(cell)} is no time in {unit}, as the file's others are") from None


def _iso(cell: Any) -> int:
    said = text(cell).strip()
    try:
        found = datetime.fromisoformat(f"{said[:-4]}+00:00" if said.endswith(" UTC") else said)
    except ValueError:
        raise InvalidEvent(f"timestamp {_shown(cell)} is no time in ISO 8601, as the file's others are") from None
    since = (found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _unit(cell: Any) -> str:
    """The unit that one cell looks like, by its size; "" where it is no time."""
    said = text(cell).strip()
    if _DATE.fullmatch(said):
        return ISO
    try:
        count = abs(float(said))
    except ValueError:
        return ISO if _is_iso(cell) else ""
    if not count < SURE_MS * 1e12:
        return ""
    return next((unit for unit, per in _PER_MS.items() if count < SURE_MS * 1000 * per), NANOSECONDS)


def _is_iso(cell: Any) -> bool:
    try:
        _iso(cell)
    except (InvalidEvent, OverflowError):
        return False
    return True


def _shown(cell: Any) -> str:
    return repr(text(cell)[:80])
