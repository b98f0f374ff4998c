"""A lake's log made plainly, row by row, from all of it at once: what `batch.lake_log` must come to where all fits."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batch.contexts import COLUMNS
from batch.lake_log import by_arrival
from batch.log import Log, Row
from batch.log import log_of as log_of_rows
from batch.pages import PAGES
from contracts.events import Context, Impression, Shown
from contracts.kinds import MOOD_KIND, ORDER
from contracts.moods import mood_of
from online.lake.read import read_table, to_training
from online.lake.replay import _EXTRA

KINDS = {"": MOOD_KIND} | {str(kind): row for row, kind in enumerate(ORDER)}


def log_of(url: str, namespace: str, pages: int = PAGES) -> Log:
    """As nights made it before they were bounded."""
    table = to_training(read_table(url, namespace))
    table = table.take(pa.array(by_arrival(table["partition"].to_numpy(), table["arrival"].to_numpy())))
    kept = np.ones(len(table), np.bool_)
    kept[np.flatnonzero(pc.equal(table["type"], "impression"))[:-pages]] = False
    return log_of_rows(_entries(table.filter(pa.array(kept))))


def _entries(table: pa.Table) -> Iterator[Row | Impression]:
    for row in table.to_pylist():
        yield _impression(row) if row["type"] == "impression" else _row(row)


def _row(row: dict[str, Any]) -> Row:
    said = {name.removesuffix("_said"): row[name] for name in COLUMNS if row[name]}
    if "extra" in said:
        said["extra"] = _EXTRA.decode(said["extra"])
    return (
        row["user_id"],
        row["item_id"],
        KINDS[row["kind"]],
        row["weight"],
        mood_of(row["mood"]) or 0,
        row["time"],
        row["value"],
        Context(**said) if said else None,
    )


def _impression(row: dict[str, Any]) -> Impression:
    names = ("event_id", "time", "user_id", "request_id", "bundle")
    return Impression(**{name: row[name] for name in names}, shown=[Shown(**one) for one in row["shown"]])
