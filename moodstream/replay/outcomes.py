"""What one bundle foretold so far, on the disk before the event is learned: nothing that knows more is asked again."""

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

_OUTCOME: Final = struct.Struct("<qi")


class Outcome(NamedTuple):
    """Of one scored event."""

    place: int
    """In the log, from 0."""
    rank: int
    """From 0; `MISS` where the item wasn't served."""


class Outcomes:
    """A file that only grows; each outcome is with the kernel when `add` returns, so that a kill loses none."""

    def __init__(self, path: Path) -> None:
        """Go on behind those that are there whole."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self.count = os.fstat(self._file).st_size // _OUTCOME.size
        self.keep(self.count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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


def read(path: Path) -> list[Outcome]:
    """All that are there."""
    return [Outcome(*fields) for fields in _OUTCOME.iter_unpack(path.read_bytes())]
