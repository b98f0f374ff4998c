"""Counts of one worker that outlive its kill -9: they lie in a file that it maps into its memory."""

import mmap
from collections import Counter
from pathlib import Path
from struct import Struct
from typing import Any, Final

NAMES: Final = (
    "applied",
    "duplicate",
    "redelivered",
    "forwarded",
    "noted",
    "misplaced",
    "dead_letters",
    "bundle_changes",
    "moved",
    "seeks_back",
)
_NUMBER: Final = Struct("<q")


class Tally(Counter[str]):
    """Like any counter, and each of `NAMES` is in the file as soon as it's set."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        with file.open("w+b") as whole:
            whole.truncate(_NUMBER.size * len(NAMES))
            self._memory = mmap.mmap(whole.fileno(), 0)

    def __setitem__(self, name: str, count: int) -> None:
        super().__setitem__(name, count)
        if name in NAMES:
            _NUMBER.pack_into(self._memory, _NUMBER.size * NAMES.index(name), count)

    def __reduce__(self) -> Any:
        raise TypeError("a tally belongs to one process")


def read_tally(file: Path) -> Counter[str]:
    """What a worker has counted so far, whether it lives or not."""
    raw = file.read_bytes() if file.exists() else b""
    return Counter({name: count for name, (count,) in zip(NAMES, _NUMBER.iter_unpack(raw), strict=False)})
