"""What `benchmarks.posts` and `benchmarks.ready` found, as figures of `make bench`."""

from typing import Final

from benchmarks.apart import said_by
from benchmarks.result import REPEATS, Measured

POSTING_S: Final = 4.0
WARM: Final = 5000


def posting(repeats: int = REPEATS, seconds: float = POSTING_S) -> list[Measured]:
    """Events acknowledged through one process of the API; raises `Unavailable`."""
    said = said_by("benchmarks.posts", {"--repeats": repeats, "--seconds": seconds, "--warm": WARM})
    return [
        Measured(
            name="posted events over a bare producer",
            what="events a second through POST /v1/events, a hundred at once, each acknowledged by Kafka",
            unit="events/s",
            ours=said["posted_per_s"],
            beside="aiokafka's producer with the same bytes",
            reference=said["bare_per_s"],
            notes={
                "CPU µs an event": said["posted_cpu_us_an_event"],
                "CPU µs an event, bare": said["bare_cpu_us_an_event"],
                "p99 ms at 5,000 a second": said["steady"]["p99_ms"],
            },
        )
    ]


def starting(repeats: int = REPEATS) -> list[Measured]:
    """Seconds until ready, with a bundle of MovieLens-1M's size; raises `Unavailable`."""
    said = said_by("benchmarks.ready", {"--repeats": repeats, "--warm": WARM})
    memory = {f"{name[:-3]}, MB": max(found) for name, found in said.items() if name.endswith("_mb")}
    return [
        Measured(
            name="ready over bare fastapi",
            what="seconds from the start of a process of the API to its being ready",
            unit="s",
            better="lower",
            ours=said["ready_s"],
            beside="a bare FastAPI",
            reference=said["hello_ready_s"],
            notes=memory,
        )
    ]
