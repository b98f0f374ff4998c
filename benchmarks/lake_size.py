"""How many bytes an event costs behind the learner: `python -m benchmarks.lake_size`.

A file of the lake as the worker writes it, and the records of `enriched`, from events as in `event_log`; beside them
the bytes that were posted. It starts nothing and takes a second.
"""

import json
from collections.abc import Sequence
from typing import Final

from benchmarks.event_log import made_up
from contracts import events
from online.lake.layout import RANGE
from online.lake.write import parquet, to_table
from online.learn.enrich import Enriched, Enricher

ARRIVAL: Final = 1_700_000_000_000


def measure(count: int = RANGE) -> dict[str, float]:
    """Means in bytes of so many events of one partition, as many as share a file."""
    taken, enricher = list(made_up(count)), Enricher()
    rows = [
        enricher.enrich(event, partition=0, offset=offset, arrival=max(event.time, ARRIVAL))
        for offset, event in enumerate(taken)
    ]
    posted = sum(len(events.encode(event)) for event in taken)
    return {
        "events": count,
        "posted_bytes": round(posted / count),
        "enriched_bytes": round(_encoded(rows) / count),
        "lake_bytes": round(len(parquet(to_table(rows))) / count),
    }


def _encoded(rows: Sequence[Enriched]) -> int:
    return sum(len(events.encode(row)) for row in rows)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
