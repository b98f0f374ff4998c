"""Which letters are meant: filters that hold all together."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.moment import utc_ms
from online.letters.letter import Letter

_UNITS_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_AGO: Final = re.compile(r"(\d{1,6})([smhd])")


class Wanted(msgspec.Struct, frozen=True):
    """What a letter must be; what is empty or None is not asked for."""

    ids: Sequence[str] = ()
    reason: str = ""
    """Part of the reason, in any case."""
    error: str = ""
    """The error's class."""
    topic: str = ""
    partition: int | None = None
    since: int | None = None
    """UTC ms; set aside then or later."""
    until: int | None = None
    """UTC ms; set aside before."""
    retried: bool | None = None

    def holds(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        said = letter.said
        return (
            (not self.ids or letter.id in self.ids)
            and self.reason.lower() in said.reason.lower()
            and self.error.lower() in ("", said.error.lower())
            and self.topic in ("", said.topic)
            and self.partition in (None, said.partition)
            and (self.since is None or said.time >= self.since)
            and (self.until is None or said.time < self.until)
            and self.retried in (None, bool(letter.retried))
        )


def moment(said: str, now: int, option: str) -> int | None:
    """UTC ms of an ISO time (UTC where it names no zone) or of so long ago (`90m`, `2h`, `3d`); None for nothing.

    `now` is UTC ms. Raises `Misconfigured`.
    """
    if not said:
        return None
    if ago := _AGO.fullmatch(said):
        return now - int(ago[1]) * _UNITS_MS[ago[2]]
    return utc_ms(said, f"{option} wants a time such as 2026-11-22T09:30 or 2h (ago); {said!r} is none")
