"""Amounts as a person writes them: 1e7, 10M, 2.5k."""

import math
from typing import Final

from contracts.errors import Misconfigured

_TIMES: Final = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9}
_MOST: Final = 1e12


def amount(said: str, what: str, least: float = 0.0) -> float:
    """The number. Raises `Misconfigured` for what is none, is below `least`, or is beyond all measure."""
    text = said.strip().replace(",", "").replace("_", "").lower()
    times = _TIMES.get(text[-1:], 1.0)
    try:
        found = float(text[:-1] if times > 1 else text) * times
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Misconfigured(f"{what} {said!r} is no number: write it as 10000000, 1e7 or 10M")
    if not least <= found <= _MOST:
        raise Misconfigured(f"{what} {said} is out of range: it can be {least:g} to {_MOST:g}")
    return found


def short(value: float) -> str:
    """Three digits that say something."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
