"""Rows of a CSV (or .csv.gz) or Parquet file, each with the place that an error should name."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from contracts.errors import InvalidEvent


class Row(NamedTuple):
    """One row: where it stands, and its cells; an empty cell is left out."""

    place: str
    cells: Mapping[str, Any]


def rows(path: Path, required: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a file in its order. Raises `InvalidEvent`, with the line, for what is no table of these columns."""
    if not path.is_file():
        raise InvalidEvent(f"{path}: no such file")
    return _parquet(path, required) if path.suffix == ".parquet" else _csv(path, required)


def _csv(path: Path, required: tuple[str, ...]) -> Iterator[Row]:
    with _text(path) as file:
        reader = csv.reader(file, strict=True)
        try:
            names = [name.strip() for name in next(reader, [])]
            _demand(names, required, f"{path}:1")
            for cells in reader:
                place = f"{path}:{reader.line_num}"
                if len(cells) != len(names):
                    raise InvalidEvent(f"{place}: {len(cells)} cells, the header has {len(names)}")
                yield Row(place, {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""})
        except (csv.Error, UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
            raise InvalidEvent(f"{path}:{reader.line_num + 1}: {error}") from error


def _text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _parquet(path: Path, required: tuple[str, ...]) -> Iterator[Row]:
    try:
        with pq.ParquetFile(path) as file:
            _demand(file.schema_arrow.names, required, str(path))
            number = 0
            for batch in file.iter_batches():
                for cells in batch.to_pylist():
                    number += 1
                    kept = {name: cell for name, cell in cells.items() if cell is not None and cell != ""}
                    yield Row(f"{path}: row {number}", kept)
    except pa.ArrowException as error:
        raise InvalidEvent(f"{path}: {error}") from error


def _demand(names: list[str], required: tuple[str, ...], place: str) -> None:
    missing = [name for name in required if name not in names]
    if missing:
        raise InvalidEvent(f"{place}: no column {', '.join(missing)} among {', '.join(names) or 'no columns at all'}")
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InvalidEvent(f"{place}: column {', '.join(double)} occurs more than once")
