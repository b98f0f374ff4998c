"""The lake's writing side: rows of one partition gather here and become files, the same bytes for the same offsets."""

import io
from collections.abc import Sequence
from itertools import groupby
from threading import Lock
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.events import Shown
from online.lake.folder import Folder
from online.lake.layout import RANGE, SCHEMA, LakeFile, in_order_of_offset
from online.lake.position import note_position, noted_position
from online.learn.enrich import Enriched

_MAX_POSITION: Final = 2**31 - 1


class LakeWriter:
    """One partition's writer. `add` from any thread; `flush` is slow (it waits for the disk or the network)."""

    def __init__(self, url: str, namespace: str, incarnation: str, partition: int, first: int = 0) -> None:
        """`first` is the epoch's first offset in this partition.

        Raises `Misconfigured` for a place that no driver is installed for, `Unavailable`.
        """
        self._folder = Folder(url, namespace)
        self._incarnation = incarnation
        self._partition = partition
        self._position = max(first, noted_position(self._folder, incarnation, partition))
        self._next = self._position
        self._rows: list[Enriched] = []
        self._files: dict[LakeFile, pa.Table] = {}
        """What the files of the range in progress hold, as last written."""
        self._adding = Lock()
        self._flushing = Lock()

    def __len__(self) -> int:
        """Rows that are in no file yet."""
        return len(self._rows)

    def position(self) -> int:
        """The next offset that the lake still needs: all before it are in files."""
        return self._position

    def add(self, rows: Sequence[Enriched], upto: int) -> None:
        """Take the rows of all offsets up to and with `upto`; offsets that were taken before are passed over."""
        with self._adding:
            self._rows += [row for row in rows if row.offset >= self._next]
            self._next = max(self._next, upto + 1)

    def flush(self) -> None:
        """Write what was added. Raises `Unavailable`; then everything is kept for the next time."""
        with self._flushing:
            with self._adding:
                rows, upto = list(self._rows), self._next
            if upto == self._position:
                return
            for file, group in groupby(sorted(rows, key=self._file_of), key=self._file_of):
                self._write(file, to_table(list(group)))
            note_position(self._folder, self._incarnation, self._partition, upto)
            with self._adding:
                del self._rows[: len(rows)]
            self._position = upto
            in_progress = upto - upto % RANGE
            self._files = {file: table for file, table in self._files.items() if file.first >= in_progress}

    def _file_of(self, row: Enriched) -> LakeFile:
        return LakeFile.of(self._incarnation, self._partition, row.offset, row.arrival)

    def _write(self, file: LakeFile, new: pa.Table) -> None:
        """Write the file anew with these rows too, whoever wrote it last: a file never loses a row."""
        ours = [self._files[file]] if file in self._files else []
        there = self._folder.row_count(file)
        if there != sum(map(len, ours)):
            ours = [self._folder.table(file), *ours]
        table = in_order_of_offset([*ours, new])
        if len(table) > there:
            self._folder.put(file.path, parquet(table))
        self._files[file] = table


def to_table(rows: Sequence[Enriched]) -> pa.Table:
    """The rows as a table of the lake's columns."""
    columns = {field.name: pa.array([getattr(row, field.name) for row in rows], field.type) for field in _PLAIN}
    columns["shown"] = pa.array([[_shown(one) for one in row.shown] for row in rows], SCHEMA.field("shown").type)
    columns["extra"] = pa.array([msgspec.json.encode(row.extra).decode() if row.extra else "" for row in rows])
    return pa.table([columns[name] for name in SCHEMA.names], SCHEMA)


def parquet(table: pa.Table) -> bytes:
    """The table as a Parquet file: equal rows give equal bytes, with one version of pyarrow."""
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=RANGE, compression="zstd", version="2.6", store_schema=False)
    return file.getvalue()


_PLAIN: Final = [field for field in SCHEMA if field.name not in ("shown", "extra")]


def _shown(one: Shown) -> dict[str, Any]:
    return {**msgspec.structs.asdict(one), "position": max(-1, min(one.position, _MAX_POSITION))}
