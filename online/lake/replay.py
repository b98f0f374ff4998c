"""The lake as a log: what the stream took in of one partition, in its order, to make lost states from again."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from contracts.events import Shown
from online.lake.folder import Folder
from online.lake.layout import RANGE, LakeFile, in_order_of_offset
from online.lake.position import noted_position
from online.learn.enrich import Enriched

_EXTRA: Final = msgspec.json.Decoder(dict[str, str | float])


class Life(NamedTuple):
    """One life of the topic, from its making to its deletion."""

    incarnation: str
    end: int
    """The next offset that the lake lacks."""


class LakeLog:
    """One partition's log as far as the lake has it, duplicates and erased events included: as the learner met it.

    Everything is slow (it waits for the disk or the network), and raises `Unavailable`, or `StateUnreadable` for a
    damaged file.
    """

    def __init__(self, url: str, namespace: str, partition: int) -> None:
        """Raises `Misconfigured` for a place that no driver is installed for."""
        self._folder = Folder(url, namespace)
        self._partition = partition
        self._files: list[LakeFile] = []

    def lives(self) -> list[Life]:
        """The lives of the topic that this partition has files of, the first one first; looks for files anew."""
        self._files = [file for file in self._folder.files() if file.partition == self._partition]
        first: dict[str, LakeFile] = {}
        for file in self._files:
            known = first.setdefault(file.incarnation, file)
            if (file.hour, file.first) < (known.hour, known.first):
                first[file.incarnation] = file
        born = sorted((self._arrival(file), incarnation) for incarnation, file in first.items())
        return [Life(one, noted_position(self._folder, one, self._partition)) for _, one in born]

    def read(self, incarnation: str, since: int, until: int) -> list[Enriched]:
        """The rows of one range's offsets from `since` to before `until`, in the log's order.

        `since` and `until - 1` are of the same `RANGE`. Asks the files that `lives` found.
        """
        files = [f for f in self._files if f.incarnation == incarnation and f.first == since - since % RANGE]
        if not files:
            return []
        table = in_order_of_offset([self._folder.table(file) for file in files])
        offsets = table["offset"].to_numpy()
        start, end = np.searchsorted(offsets, [since, until])
        return to_rows(table.slice(start, end - start))

    def gaps(self, incarnation: str, since: int, until: int) -> list[tuple[int, int]]:
        """Offsets, first and past the last, of which the lake has no file though it says that it took them in."""
        there = {file.first for file in self._files if file.incarnation == incarnation}
        starts = range(since - since % RANGE, until, RANGE)
        return [(max(since, first), min(until, first + RANGE)) for first in starts if first not in there]

    def _arrival(self, file: LakeFile) -> int:
        """The first arrival of a file (UTC ms)."""
        return int(np.min(self._folder.table(file, ["arrival"])["arrival"].to_numpy()))


def ranges(since: int, until: int) -> list[tuple[int, int]]:
    """The offsets from `since` to before `until`, cut where the lake's files are."""
    cuts = [since, *range(since - since % RANGE + RANGE, until, RANGE), until]
    return [(first, last) for first, last in pairwise(cuts) if first < last]


def to_rows(table: pa.Table) -> list[Enriched]:
    """The rows that `online.lake.write.to_table` made this table of."""
    return [_row(fields) for fields in table.to_pylist()]


def _row(fields: dict[str, Any]) -> Enriched:
    known = {name: value for name, value in fields.items() if value is not None}
    known["shown"] = tuple(Shown(**one) for one in known.get("shown", ()))
    known["extra"] = _EXTRA.decode(known["extra"]) if known.get("extra") else {}
    return Enriched(**known)


def parts(rows: Sequence[Enriched], size: int) -> list[Sequence[Enriched]]:
    """The rows in pieces of at most this size."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]
