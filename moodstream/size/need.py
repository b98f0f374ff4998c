"""What is asked for, and how many of everything that takes: each line says what, how many, and why in words."""

import math
from typing import Final

import msgspec

from batch.nightly.terms import Terms
from contracts.errors import Misconfigured
from moodstream.size.amounts import short
from moodstream.size.coefficients import Coefficients
from moodstream.size.history import events_kept, user_bytes

WORKER_BUSY: Final = 0.70
API_BUSY: Final = 0.60
API_REQUESTS: Final = 80.0
"""A replica's share, at which the autoscaler adds one: these three as in deploy/k8s/components/autoscaling."""
LEAST_WORKERS: Final = 2
LEAST_API: Final = 3
FEWEST_PARTITIONS: Final = 16
MOST_PARTITIONS: Final = 1_024
"""The users' shards, which partitions divide (contracts/sharding.py)."""
_ROOM: Final = 2
"""Adding partitions holds learning up (docs/runbooks/scale-partitions.md), so there are twice as many."""
POD_MB: Final = 1_074
"""What serving may have, 1Gi in deploy/k8s/base/serving.yaml."""
RECENT: Final = 250_000
_FINE_TUNED: Final = 2 * RECENT * 12
"""Examples of a night: the newest events and as many of the rest (batch/fine_tune.py), twelve times at most."""
_EPOCHS: Final = 8
"""Of a night from scratch, each seventh, over all."""
NIGHT_HOURS: Final = 1.5
NIGHT_GB: Final = 6.4
"""The CronJob's deadline, and its memory."""
_TERMS: Final = Terms()
DAY_S: Final = 86_400.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the product is to bear."""

    users: float
    events: float
    """A second, the day's mean."""
    items: float
    requests: float
    """For answers, a second, the day's mean."""
    peak: float = 2.5
    """The busiest minutes over the mean, of events and requests."""
    history: float | None = None
    """Events of a user that are kept; otherwise what the events of a year leave."""
    keep_days: float = 365.0
    """Of the lake."""
    copies: int = 2
    """Of each Redis node, in other zones."""


class Line(msgspec.Struct, frozen=True):
    """One thing that is needed."""

    what: str
    count: float
    """At the peak, where it differs over the day."""
    said: str
    """The same for a person, with its unit."""
    why: str
    mean: float
    """Over the day, which is paid for."""


def stream(asked: Asked, of: Coefficients) -> list[Line]:
    """Partitions and workers. Raises `Misconfigured` for more than there are shards."""
    us = of["worker_us"].value
    mean, peak = (max(LEAST_WORKERS, math.ceil(rate * us / 1e6 / WORKER_BUSY)) for rate in (asked.events, _peak(asked)))
    partitions = max(FEWEST_PARTITIONS, _power_of_two(_ROOM * peak))
    if partitions > MOST_PARTITIONS:
        raise Misconfigured(
            f"{short(_peak(asked))} events a second want {partitions:,} partitions, and there can be "
            f"{MOST_PARTITIONS:,}: divide the users among several namespaces, each with a size of its own"
        )
    workers = (
        f"{short(_peak(asked))} events/s at the peak × {us:g} µs, of {WORKER_BUSY:.0%} of a core each"
        f"; {mean} at the mean, never under {LEAST_WORKERS}"
    )
    return [
        Line(
            "partitions", partitions, f"{partitions}", f"{_ROOM} × {peak} workers, to the next power of two", partitions
        ),
        Line("stream workers", peak, f"{mean} to {peak}", workers, mean),
    ]


def serving(asked: Asked, of: Coefficients) -> Line:
    """API replicas, by CPU and by requests, as the autoscaler counts."""
    ms = answer_ms(asked.items, of)
    each = min(API_REQUESTS, 1000 * API_BUSY / ms)
    mean, peak = (max(LEAST_API, math.ceil(rate / each)) for rate in (asked.requests, asked.requests * asked.peak))
    by = "requests" if each == API_REQUESTS else "CPU"
    why = (
        f"{short(asked.requests * asked.peak)} requests/s at the peak, {each:.0f} each by {by}: an answer from "
        f"{short(asked.items)} items takes {ms:.1f} CPU ms, {API_BUSY:.0%} of a core may be busy; {mean} at the mean"
    )
    return Line("API replicas", peak, f"{mean} to {peak}", why, mean)


def answer_ms(items: float, of: Coefficients) -> float:
    """With HTTP and all, at this size of catalogue: measured at MovieLens-1M's, moved along the curve of growth."""
    sizes = {10.0**power: of[f"answer_ms_1e{power}"].value for power in (3, 4, 5, 6)}
    return of["answer_ms"].value + max(0.0, _along(items, sizes) - _along(3_883, sizes))


def api_memory(asked: Asked, of: Coefficients) -> Line:
    """Of each replica."""
    mb = of["api_mb"].value + asked.items * of["api_item_bytes"].value / 1e6
    why = f"{of['api_mb'].value:g} MB, and {of['api_item_bytes'].value:g} bytes of each item's vector, index and title"
    return Line("memory of an API replica", mb, f"{mb:,.0f} MB", why, mb)


def redis_memory(asked: Asked, of: Coefficients) -> Line:
    """Of the keys, one copy."""
    kept = events_kept(asked.users, asked.events, asked.history)
    each = user_bytes(kept, of)
    items = asked.items * of["item_bytes"].value
    gb = (asked.users * each + items) / 1e9
    why = (
        f"{short(asked.users)} users × {short(each)} bytes with {kept:.0f} events each, "
        f"and {short(asked.items)} items × {short(of['item_bytes'].value)} bytes of shared counts"
    )
    return Line("keys in Redis", gb, f"{gb:,.1f} GB", why, gb)


def kafka_disk(asked: Asked, of: Coefficients) -> Line:
    """Of each of three brokers, which all have everything."""
    raw, enriched = of["event_bytes"].value, of["enriched_bytes"].value
    gb = asked.events * DAY_S * (30 * raw + 7 * enriched) / 1e9
    filled = gb / 0.6
    why = (
        f"{short(asked.events * DAY_S)} events a day × ({raw:g} bytes for 30 days, enriched {enriched:g} for 7), "
        "each broker a copy, at most 60% full"
    )
    return Line("disk of a Kafka broker", filled, f"{filled:,.0f} GB", why, filled)


def lake(asked: Asked, of: Coefficients) -> Line:
    """What the lake grows to."""
    gb = asked.events * DAY_S * asked.keep_days * of["lake_bytes"].value / 1e9
    why = f"{short(asked.events * DAY_S)} events a day × {of['lake_bytes'].value:g} bytes × {asked.keep_days:g} days"
    return Line("lake in S3", gb, f"{gb:,.0f} GB", why, gb)


def nights(asked: Asked, of: Coefficients) -> list[Line]:
    """GPU hours of a month, and the memory of a night, which reads the newest of the lake and holds some of that."""
    events = asked.events * DAY_S * asked.keep_days
    rate = of["gpu_per_s"].value
    held = min(events, _TERMS.hold)
    usual, scratch = min(_FINE_TUNED, 24 * events) / rate / 3600, _EPOCHS * held / rate / 3600
    hours = 30.4 * (6 * usual + min(scratch, NIGHT_HOURS)) / 7
    items = asked.items * of["night_item_bytes"].value
    gb = (held * of["night_bytes"].value + of["night_mb"].value * 1e6 + items) / 1e9
    read = min(events, _TERMS.reach)
    why = (
        f"six nights of seven {usual:.2g} h for the newest events; the seventh, from scratch over what it holds, wants "
        f"{short(scratch)} h and is given {NIGHT_HOURS:g}; {short(rate)} examples/s"
    )
    memory = (
        f"it reads the newest {short(read)} of {short(events)} events (--reach), in "
        f"{read * of['night_us'].value / 3.6e9:.1f} CPU hours, and holds {short(held)} at most (--hold) × "
        f"{of['night_bytes'].value:g} bytes; {of['night_mb'].value:g} MB without any, and "
        f"{of['night_item_bytes'].value:g} bytes an item"
    )
    return [
        Line("GPU hours a month", hours, f"{hours:,.1f} h", why, hours),
        Line("memory of a night", gb, f"{gb:,.1f} GB", memory, gb),
    ]


def _peak(asked: Asked) -> float:
    return asked.events * asked.peak


def _power_of_two(least: float) -> int:
    return int(2 ** math.ceil(math.log2(least)))


def _along(items: float, sizes: dict[float, float]) -> float:
    """Between the measured sizes by the logarithm; beyond the largest as between the last two."""
    known = sorted(sizes)
    upper = next((place for place, size in enumerate(known) if items <= size), len(known) - 1)
    below, above = known[max(0, upper - 1)], known[max(1, upper)]
    share = math.log(max(1.0, items) / below) / math.log(above / below)
    return max(0.0, sizes[below] + share * (sizes[above] - sizes[below]))
