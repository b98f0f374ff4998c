"""The plain form as Parquet: written beside, and put in its place when it is whole."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from batch.importing.source import Source
from contracts.errors import Misconfigured
from contracts.events import ItemEvent

EVENTS_FILE: Final = "events.parquet"
ITEMS_FILE: Final = "items.parquet"
_GROUP: Final = 131_072


def refuse_sources(source: Source, out: Path) -> None:
    """Raises `Misconfigured` where writing into this folder would replace one of the files that are read."""
    ours = {(out / name).resolve() for name in (EVENTS_FILE, ITEMS_FILE)}
    for path in (source.events, source.items, source.users):
        if path is not None and path.resolve() in ours:
            raise Misconfigured(f"{path} would be replaced by what is made of it: give another folder with --out")


def write_events(out: Path, parts: Iterator[Any], schema: Any) -> None:
    """Write the sorted events, given as pyarrow tables of this schema; `write_items` puts them into their place."""
    beside = _beside(out / EVENTS_FILE)
    try:
        with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            for group in _groups(parts):
                writer.write_table(group, row_group_size=_GROUP)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _groups(parts: Iterator[Any]) -> Iterator[Any]:
    held: list[Any] = []
    for part in parts:
        held.append(part)
        if sum(one.num_rows for one in held) >= _GROUP:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def write_items(out: Path, items: Sequence[ItemEvent]) -> None:
    """Write a catalogue, and put it and the events that were written before into their places."""
    columns: dict[str, list[str | None]] = {
        "item_id": [item.item_id for item in items],
        "title": [item.title or None for item in items],
        "categories": ["|".join(item.categories) or None for item in items],
        "text": [item.text or None for item in items],
        "image": [item.image or None for item in items],
        "mood": [item.mood or None for item in items],
        "withdrawn": ["true" if item.withdrawn else None for item in items],
    }
    kept = {name: cells for name, cells in columns.items() if name in ("item_id", "title") or any(cells)}
    schema = pa.schema([(name, pa.string()) for name in kept])
    pq.write_table(pa.table(kept, schema), _beside(out / ITEMS_FILE), compression="zstd")
    for name in (ITEMS_FILE, EVENTS_FILE):
        _beside(out / name).replace(out / name)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")
