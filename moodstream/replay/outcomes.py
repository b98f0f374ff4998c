"""What one bundle foretold so far, on the disk before its event is learned: nobody who knows more is asked again."""

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from batch.prequential import Agreed, Known, Scored

EVENTS: Final = "outcomes"
PAGES: Final = "pages"
_OUTCOME: Final = struct.Struct("<qQ")


MASKED: Final = 64
"""Items of a page of which it is kept whether the bundle agrees."""


class Outcome(NamedTuple):
    """Of one scored event, or of one page."""

    place: int
    """In the log, from 0."""
    found: int
    """The rank, from 0; `MISS` where the item wasn't served. Of a page: a bit for each item that agrees."""

    @classmethod
    def of(cls, one: Scored | Agreed) -> "Outcome":
        """Either of them."""
        if isinstance(one, Scored):
            return cls(one.place, one.rank)
        return cls(one.place, sum(agrees << at for at, agrees in enumerate(one.items[:MASKED])))

    @property
    def items(self) -> list[bool]:
        """Of a page: whether the bundle agrees, for its first items."""
        return [bool(self.found >> at & 1) for at in range(MASKED)]


class Outcomes:
    """A file that only grows; each outcome is with the kernel when `add` returns, so that a kill loses none."""

    def __init__(self, path: Path) -> None:
        """Go on behind those that are there whole."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self.count = os.fstat(self._file).st_size // _OUTCOME.size
        self.keep(self.count)

    def close(self) -> None:
        os.close(self._file)

    def add(self, outcome: Outcome) -> None:
        """One more."""
        os.write(self._file, _OUTCOME.pack(*outcome))
        self.count += 1

    def keep(self, count: int) -> None:
        """Forget all but the first so many."""
        self.count = count
        os.ftruncate(self._file, count * _OUTCOME.size)
        os.lseek(self._file, 0, os.SEEK_END)


class Findings:
    """All that one bundle foretold: of events, and of pages."""

    def __init__(self, folder: Path) -> None:
        self._events, self._pages = Outcomes(folder / EVENTS), Outcomes(folder / PAGES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.close()
        self._pages.close()

    @property
    def known(self) -> Known:
        """How many of each there are."""
        return Known(self._events.count, self._pages.count)

    def keep(self, known: Known) -> None:
        """Forget all but the first so many."""
        self._events.keep(known.targets)
        self._pages.keep(known.pages)

    def add(self, one: Scored | Agreed) -> None:
        """One more."""
        (self._events if isinstance(one, Scored) else self._pages).add(Outcome.of(one))


def read(path: Path) -> list[Outcome]:
    """All that are there."""
    return [Outcome(*fields) for fields in _OUTCOME.iter_unpack(path.read_bytes())]
