"""Where the lake's files lie and what columns they have; one file holds one range of offsets in one arrival hour.

`<lake>/<namespace>/incarnation=<topic id>/hour=2026-03-01T17/p0003-000000010000.parquet`
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

RANGE: Final = 10_000
"""Offsets of one partition that share a file (for each arrival hour)."""
_HOUR_MS: Final = 3_600_000
_NAME: Final = re.compile(r"incarnation=([^/]+)/hour=(\d{4}-\d\d-\d\dT\d\d)/p(\d{4,})-(\d{12,})\.parquet$")
_SHOWN: Final = pa.struct(
    [("item_id", pa.string()), ("position", pa.int32()), ("score", pa.float64()), ("propensity", pa.float64())]
)

SCHEMA: Final = pa.schema(
    [
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("arrival", pa.int64()),
        ("type", pa.string()),
        ("event_id", pa.string()),
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("kind", pa.string()),
        ("value", pa.float64()),
        ("weight", pa.float64()),
        ("time", pa.int64()),
        ("event_time", pa.int64()),
        ("mood", pa.string()),
        ("mood_said", pa.string()),
        ("valence", pa.float64()),
        ("arousal", pa.float64()),
        ("device", pa.string()),
        ("browser", pa.string()),
        ("os", pa.string()),
        ("country", pa.string()),
        ("city", pa.string()),
        ("place", pa.string()),
        ("hour", pa.int8()),
        ("session", pa.string()),
        ("request_id", pa.string()),
        ("bundle", pa.string()),
        ("shown", pa.list_(_SHOWN)),
        ("known_as", pa.string()),
        ("extra", pa.string()),
    ]
)
"""The columns of `online.learn.enrich.Enriched`; `extra` is JSON, times are UTC milliseconds."""


class LakeFile(NamedTuple):
    """One file: a range of offsets, as far as they arrived in one hour. Sorts by range, then hour."""

    incarnation: str
    partition: int
    first: int
    """The range's first offset."""
    hour: str

    @classmethod
    def of(cls, incarnation: str, partition: int, offset: int, arrival: int) -> "LakeFile":
        """The file that holds this offset, which arrived at this time (UTC ms)."""
        return cls(incarnation, partition, offset - offset % RANGE, hour_of(arrival))

    @classmethod
    def parse(cls, path: str) -> "LakeFile | None":
        found = _NAME.search(path)
        return cls(found[1], int(found[3]), int(found[4]), found[2]) if found else None

    @property
    def path(self) -> str:
        """Below the namespace's folder."""
        name = f"p{self.partition:04d}-{self.first:012d}.parquet"
        return f"incarnation={self.incarnation}/hour={self.hour}/{name}"


def hour_of(arrival: int) -> str:
    """The hour (UTC) of a time in milliseconds, as in the names of folders."""
    return _hour_named(arrival // _HOUR_MS)


def begin_of(hour: str) -> int:
    """The beginning (UTC ms) of an hour of `hour_of`."""
    return int(datetime.fromisoformat(f"{hour}:00+00:00").timestamp() * 1000)


@lru_cache(maxsize=1024)
def _hour_named(hours: int) -> str:
    return datetime.fromtimestamp(hours * 3600, UTC).strftime("%Y-%m-%dT%H")


def in_order_of_offset(tables: Sequence[pa.Table]) -> pa.Table:
    """One partition's tables as one, in order of offset; of the same offset's rows the first stays."""
    table = pa.concat_tables(tables)
    _, first = np.unique(table["offset"].to_numpy(), return_index=True)
    return table.take(pa.array(first)).combine_chunks()
