"""The lake's folder, on this machine or wherever fsspec reaches: whole files in, columns out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from contracts.errors import StateUnreadable
from model.place import Place
from online.lake.layout import SCHEMA, LakeFile

_LIFE: Final = "incarnation="


class Folder:
    """The folder of one namespace, on this machine or wherever fsspec reaches; its errors are ours."""

    def __init__(self, url: str, namespace: str) -> None:
        """Raises `Misconfigured` for a place that no driver is installed for."""
        self._place = Place(f"{url.rstrip('/')}/{namespace}", "the lake")

    def files(self) -> list[LakeFile]:
        """All of its files, in order of name."""
        with self._place.reached() as fs:
            fs.invalidate_cache()
            found = fs.find(self._place.root)
        return sorted(file for file in map(LakeFile.parse, found) if file is not None)

    def lives(self) -> list[str]:
        """The lives of the topic, and its epochs, that have a folder of their own."""
        return [name.removeprefix(_LIFE) for name in self._place.names() if name.startswith(_LIFE)]

    def table(self, file: LakeFile, columns: Sequence[str] = SCHEMA.names) -> pa.Table:
        """Columns of one file, empty where an older file lacks one; raises `StateUnreadable` for a damaged file."""
        with self._parquet(file) as parquet:
            found = parquet.read([name for name in columns if name in parquet.schema_arrow.names])
            return pa.table(
                {
                    name: found[name] if name in found.column_names else pa.nulls(len(found), SCHEMA.field(name).type)
                    for name in columns
                },
                pa.schema([SCHEMA.field(name) for name in columns]),
            )

    def row_count(self, file: LakeFile) -> int:
        """Rows of one file; 0 where there is none."""
        if not self._place.has(file.path):
            return 0
        with self._parquet(file) as parquet:
            return int(parquet.metadata.num_rows)

    def least(self, file: LakeFile, column: str) -> str:
        """The smallest text of this column in one file, "" where the file doesn't say; reads the footer only."""
        with self._parquet(file) as parquet:
            at = parquet.schema_arrow.get_field_index(column)
            groups = [parquet.metadata.row_group(i).column(at).statistics for i in range(parquet.num_row_groups)]
            return min((group.min if group and group.has_min_max else "" for group in groups), default="")

    @contextmanager
    def _parquet(self, file: LakeFile) -> Iterator[pq.ParquetFile]:
        path = f"{self._place.root}/{file.path}"
        with self._place.reached() as fs:
            try:
                with fs.open(path, "rb") as raw, pq.ParquetFile(raw) as parquet:
                    yield parquet
            except pa.ArrowInvalid as error:
                raise StateUnreadable(f"the lake's file {path} is damaged ({error}): move it away") from error

    def get(self, path: str) -> bytes | None:
        """The bytes there, or None."""
        return self._place.get(path)

    def put(self, path: str, data: bytes) -> None:
        """Write the whole file or nothing."""
        self._place.put(path, data)
