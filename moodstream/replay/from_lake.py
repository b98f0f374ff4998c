"""The lake as a log: all partitions in one, in the order of arrival, without what came twice or was erased."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from batch.lake_log import by_arrival
from contracts import events
from contracts.errors import Misconfigured
from contracts.topics import EVENTS
from online.lake.folder import Folder
from online.lake.read import read_table
from online.lake.replay import to_rows
from online.learn.kept import CONTROL, event_of
from online.learn.outgoing import Raw

_AT_ONCE: Final = 10_000


def from_lake(url: str, namespace: str, since: int | None, until: int | None) -> Iterator[Raw]:
    """What arrived in [since, until) (UTC ms). Addresses and user agents aren't in it: what was found by them is.

    Raises `Misconfigured` where there is nothing at all, `Unavailable`, `StateUnreadable` for a damaged file.
    """
    if not Folder(url, namespace).files():
        raise Misconfigured(f"the lake {url} has nothing of {namespace}: MOODSTREAM_NAMESPACE says whose is read")
    table = read_table(url, namespace, since=since, until=until)
    order = by_arrival(table["partition"].to_numpy(), table["arrival"].to_numpy())
    for start in range(0, len(order), _AT_ONCE):
        for row in to_rows(table.take(pa.array(order[start : start + _AT_ONCE]))):
            event = None if row.type == CONTROL else event_of(row)
            if event is not None:
                yield Raw(EVENTS, row.partition, row.offset, row.arrival, events.encode(event))
