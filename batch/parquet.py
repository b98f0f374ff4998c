"""The rows of a Parquet file as plain cells: text, whole numbers, numbers; times as text of ISO 8601, in UTC."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from batch.delimited import Record
from contracts.errors import InvalidEvent

Kinds = tuple[frozenset[str], frozenset[str], tuple[str, ...]]
"""Columns of whole numbers, of other numbers, and those that hold no plain cells, with their types."""


class Opened(NamedTuple):
    """A Parquet file that is being read."""

    names: tuple[str, ...]
    rows: Iterator[Record]
    size: int
    done: Callable[[], int]
    kinds: Kinds


@contextmanager
def opened_parquet(path: Path) -> Iterator[Opened]:
    """Open a Parquet file. Raises `InvalidEvent`, also while reading, for what is none."""
    with _open(path) as file:
        schema = file.schema_arrow
        plain = [field.name for field in schema if _is_plain(field.type)]
        kinds = (
            frozenset(field.name for field in schema if _is_whole(field.type)),
            frozenset(field.name for field in schema if _is_number(field.type)),
            tuple(f"{field.name} ({field.type})" for field in schema if not _is_plain(field.type)),
        )
        at = [0]
        yield Opened(tuple(plain), _rows(file, path, plain, at), file.metadata.num_rows, lambda: at[0], kinds)


def _open(path: Path) -> Any:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InvalidEvent(f"{path}: {' '.join(str(error).split())}") from error


def _is_plain(kind: Any) -> bool:
    timeless = pa.types.is_time(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind)
    return not (pa.types.is_nested(kind) or timeless)


def _is_whole(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind)) and not pa.types.is_uint64(kind)


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_uint64(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _rows(file: Any, path: Path, names: list[str], at: list[int]) -> Iterator[Record]:
    for columns in _batches(file, path, names):
        for cells in zip(*columns, strict=True):
            at[0] += 1
            yield Record(at[0], cells)


def _batches(file: Any, path: Path, names: list[str]) -> Iterator[list[list[Any]]]:
    try:
        for batch in file.iter_batches(batch_size=16_384, columns=names):
            yield [_cells(batch.column(name)) for name in names]
    except (pa.ArrowException, OSError) as error:
        raise InvalidEvent(f"{path}: {' '.join(str(error).split())}") from error


def _cells(column: Any) -> list[Any]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _cells(column.dictionary_decode())
    if pa.types.is_temporal(kind):
        form = "%Y-%m-%d" if pa.types.is_date(kind) else "%Y-%m-%dT%H:%M:%S"
        return list(pc.strftime(pc.cast(column, pa.timestamp("ms"), safe=False), form).to_pylist())
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return list(pc.cast(column, pa.float64(), safe=False).to_pylist())
    if pa.types.is_boolean(kind):
        return list(pc.cast(column, pa.string()).to_pylist())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [cell if cell is None else cell.decode("utf-8", "replace") for cell in column.to_pylist()]
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:  # text that some program wrote without looking
        return _cells(pc.cast(column, pa.large_binary()))
