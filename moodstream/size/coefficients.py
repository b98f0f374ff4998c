"""What things cost, each with its unit, where it is from, and the command that measures it: the only such table.

`ASSUMED` stands where nobody has measured: a figure to begin with, and to be replaced.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

ASSUMED: Final = "assumed"
_QUIET: Final = "docs/benchmarks.md: 2 cores of an AMD EPYC, nobody else, f3ed466"
_BUSY: Final = "docs/benchmarks.md: 2 cores of an AMD EPYC, others beside it, e22dcca"

_ONCE: Final = "one repeat on a busy machine, 23 November 2026"
_MILLION: Final = "docs/benchmarks.md: a million items beside 3,706, one process of each"
_SERVING: Final = "make bench ARGS='--only serving'"
_GROWTH: Final = "make bench ARGS='--only growth'"
_NIGHT: Final = "docs/nightly.md: one run on a busy machine, 23 November 2026, rounded up"
_MEMORY: Final = "python -m benchmarks.night_memory"
_LAKE: Final = "10,000 made-up interactions and moods; impressions are larger"


class Coefficient(msgspec.Struct, frozen=True):
    """One figure."""

    value: float
    unit: str
    source: str
    """Where it was found; begins with `assumed` where it wasn't measured."""
    measured_by: str
    """The command."""


Coefficients = Mapping[str, Coefficient]

MEASURED: Final[Coefficients] = {
    "worker_us": Coefficient(166, "CPU µs of a worker for an event", _QUIET, "make bench-stream"),
    "worker_per_s": Coefficient(5_408, "events a second of a worker at its most", _QUIET, "make bench-stream"),
    "redis_us": Coefficient(73, "µs of Redis's thread for an event", _ONCE, "make bench-stream"),
    "answer_ms": Coefficient(1.9, "CPU ms of the API for an answer, HTTP and all", _BUSY, _SERVING),
    "answer_ms_1e3": Coefficient(1.2, "CPU ms of an answer from 10^3 items", _BUSY, _GROWTH),
    "answer_ms_1e4": Coefficient(2.1, "CPU ms of an answer from 10^4 items", _BUSY, _GROWTH),
    "answer_ms_1e5": Coefficient(3.6, "CPU ms of an answer from 10^5 items", _BUSY, _GROWTH),
    "answer_ms_1e6": Coefficient(5.7, "CPU ms of an answer from 10^6 items", _BUSY, _GROWTH),
    "user_bytes_8": Coefficient(3_700, "packed bytes of a user with 8 events", _BUSY, _GROWTH),
    "user_bytes_64": Coefficient(6_400, "packed bytes of a user with 64", _BUSY, _GROWTH),
    "user_bytes_256": Coefficient(12_300, "packed bytes of a user with 256", _BUSY, _GROWTH),
    "redis_over_packed": Coefficient(1.11, "bytes in Redis over packed ones", _BUSY, _GROWTH),
    "item_bytes": Coefficient(
        21_000,
        "bytes of shared counts in Redis for an item",
        "MovieLens-100K after a demo: 1,616 items of 50 events each, 23 November 2026; with more, more partners",
        "make bench-store",
    ),
    "event_bytes": Coefficient(279, "bytes of an event in Kafka", _LAKE, "python -m benchmarks.lake_size"),
    "enriched_bytes": Coefficient(333, "bytes of an enriched event in Kafka", _LAKE, "python -m benchmarks.lake_size"),
    "lake_bytes": Coefficient(37, "bytes of an event in the lake", _LAKE, "python -m benchmarks.lake_size"),
    "api_mb": Coefficient(123, "MB of an API process with a small catalogue", _BUSY, "make bench"),
    "api_item_bytes": Coefficient(
        900,
        "bytes of an item in the API: 600 of its files, which are mapped or, from S3, read, and 300 beside them",
        _MILLION,
        "python -m benchmarks.million",
    ),
    "gpu_per_s": Coefficient(
        40_000, "examples a second in training on a GPU", f"{ASSUMED}: a core makes 969", "make bench-train, on the GPU"
    ),
    "night_bytes": Coefficient(500, "bytes of memory for each event that a night holds", _NIGHT, _MEMORY),
    "night_mb": Coefficient(
        2_000, "MB of a night that holds none: programs, impressions, what the proof replays", _NIGHT, _MEMORY
    ),
    "night_us": Coefficient(18, "CPU µs of a night for an event that it reads, twice", _NIGHT, _MEMORY),
    "night_item_bytes": Coefficient(
        2_700, "bytes of an item in a night: two bundles, network, optimizer", f"{ASSUMED}, by the layout", _MEMORY
    ),
}  # fmt: skip
