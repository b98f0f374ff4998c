"""Rows sorted by time in bounded memory: sorted runs on disk, then merged; equal times stay in the order they came."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa

RUN: Final = 200_000
"""Rows that are sorted in memory at once."""
_MERGED: Final = 400_000
"""Rows of all runs together that a merge holds, about."""
_STEP: Final = 65_536
TIME, ROW = "timestamp", "row"
"""What is sorted by: UTC milliseconds, and then the number of the source's row, which only grows."""


class Sorter:
    """Takes columns of rows, spills them to files of a folder as sorted runs, gives them back in order."""

    def __init__(self, folder: Path, schema: Any) -> None:
        """`schema` is pyarrow's, with the columns `timestamp` and `row`."""
        self._folder = folder
        self._schema = schema
        self._pending: list[Any] = []
        self._held = 0
        self.rows = 0
        self._runs: list[tuple[IO[bytes], int]] = []

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Take rows, which come after all that came before."""
        self._pending.append(pa.table({name: columns[name] for name in self._schema.names}, self._schema))
        self._held += self._pending[-1].num_rows
        self.rows += self._pending[-1].num_rows
        if self._held >= RUN:
            self._spill()

    def merged(self) -> Iterator[Any]:
        """All rows as pyarrow tables, in order of time."""
        self._spill()
        share = max(256, _MERGED // max(1, len(self._runs)))
        heads = [_Head(file, rows, share) for file, rows in self._runs]
        while heads := [head for head in heads if head.fill()]:
            bound = min(head.last for head in heads)
            parts = [part for head in heads if (part := head.until(bound)).num_rows]
            whole = pa.concat_tables(parts)
            order = np.argsort(whole.column(TIME).to_numpy(), kind="stable")
            whole = whole if len(parts) == 1 else whole.take(pa.array(order))
            for start in range(0, whole.num_rows, _STEP):
                yield whole.slice(start, _STEP)

    def close(self) -> None:
        """Delete what was spilled."""
        for file, _ in self._runs:
            file.close()

    def _spill(self) -> None:
        if not self._held:
            return
        run = pa.concat_tables(self._pending)
        run = run.take(pa.array(np.argsort(run.column(TIME).to_numpy(), kind="stable")))
        file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - nameless, so that kill -9 leaves nothing
        self._runs.append((file, run.num_rows))
        with pa.ipc.new_file(file, self._schema) as writer:
            writer.write_table(run, max_chunksize=_chunk(run.num_rows))
        self._pending, self._held = [], 0


def _chunk(rows: int) -> int:
    return max(256, min(4096, rows))


class _Head:
    """What is next of one run."""

    def __init__(self, file: IO[bytes], rows: int, share: int) -> None:
        file.seek(0)
        self._reader = pa.ipc.open_file(file)
        self._next = 0
        self._chunks = max(1, share // _chunk(rows))
        self._there: Any = None

    def fill(self) -> bool:
        """Read on where nothing is left; False at the run's end."""
        if self._there is None or not self._there.num_rows:
            until = min(self._next + self._chunks, self._reader.num_record_batches)
            if until == self._next:
                return False
            batches = [self._reader.get_batch(number) for number in range(self._next, until)]
            self._next = until
            self._there = pa.Table.from_batches(batches)
        return True

    @property
    def last(self) -> tuple[int, int]:
        """Time and row of the last that is in memory."""
        end = self._there.num_rows - 1
        return self._there.column(TIME)[end].as_py(), self._there.column(ROW)[end].as_py()

    def until(self, bound: tuple[int, int]) -> Any:
        """Take the rows up to this time and row."""
        times = self._there.column(TIME).to_numpy()
        low, high = np.searchsorted(times, bound[0], "left"), np.searchsorted(times, bound[0], "right")
        rows = self._there.column(ROW).to_numpy()[low:high]
        count = int(low + np.searchsorted(rows, bound[1], "right"))
        taken, self._there = self._there.slice(0, count), self._there.slice(count)
        return taken
