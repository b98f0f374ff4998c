"""Which nodes of Redis and Kafka bear it: the cheapest that do; deploy/terraform takes their names."""

import math
from typing import Final, NamedTuple

from contracts.errors import Misconfigured
from moodstream.size.amounts import short
from moodstream.size.coefficients import Coefficients
from moodstream.size.need import Asked, Line

REDIS_GIB: Final = {
    "cache.r7g.large": 13.07,
    "cache.r7g.xlarge": 26.32,
    "cache.r7g.2xlarge": 52.82,
    "cache.r7g.4xlarge": 105.81,
    "cache.r7g.8xlarge": 209.55,
}
"""Each twice the price of the one before."""
FOR_KEYS: Final = 0.75 * 0.80
"""A quarter is kept for snapshots and buffers, and at four fifths of the rest an alarm rings."""
LEAST_SHARDS: Final = 3
MOST_SHARDS: Final = 83
"""Of 250 nodes at most, three to a shard."""
_BUSY: Final = 0.6
"""Of Redis's one thread: what a failover or a snapshot needs is left."""
KAFKA_MB_S: Final = {
    "kafka.m7g.large": 5.0,
    "kafka.m7g.xlarge": 10.0,
    "kafka.m7g.2xlarge": 20.0,
    "kafka.m7g.4xlarge": 40.0,
}
"""MB a second into a broker, its copies of others' included: assumed, each twice the price of the one before."""


class Redis(NamedTuple):
    """Shards of one type."""

    node: str
    shards: int
    large: int
    """What one node costs, in nodes of the smallest type."""


def redis(gb: float, asked: Asked, of: Coefficients) -> Redis:
    """The cheapest by memory and by its thread. Raises `Misconfigured` for more than ElastiCache has."""
    busy = asked.events * asked.peak * of["redis_us"].value / 1e6 / _BUSY
    found = []
    for step, (node, gib) in enumerate(REDIS_GIB.items()):
        shards = max(LEAST_SHARDS, math.ceil(gb / (gib * 1.073741824 * FOR_KEYS)), math.ceil(busy))
        if shards <= MOST_SHARDS:
            found.append(Redis(node, shards, 2**step))
    if not found:
        raise Misconfigured(
            f"{gb:,.0f} GB of keys and {busy:.0f} busy threads are more than one ElastiCache cluster bears: "
            "divide the users among several namespaces"
        )
    return min(found, key=lambda one: (one.shards * one.large, one.shards))


def redis_line(chosen: Redis, asked: Asked, of: Coefficients) -> Line:
    """Nodes with their copies."""
    nodes = chosen.shards * (1 + asked.copies)
    why = (
        f"{chosen.shards} shards, {asked.copies} copies each; {FOR_KEYS:.0%} of a node's memory is for keys; "
        f"its thread has {short(asked.events * asked.peak)} events/s × {of['redis_us'].value:g} µs, at most {_BUSY:.0%}"
    )
    return Line("Redis nodes", nodes, f"{nodes} × {chosen.node}", why, nodes)


def kafka(asked: Asked, of: Coefficients) -> tuple[str, int, Line]:
    """The brokers' type, and what one costs in those of the smallest. Raises `Misconfigured` beyond the largest."""
    mb = asked.events * asked.peak * (of["event_bytes"].value + of["enriched_bytes"].value) / 1e6
    for step, (broker, most) in enumerate(KAFKA_MB_S.items()):
        if mb <= most:
            why = f"{mb:.1f} MB/s at the peak come to each, events and enriched; {most:g} are assumed to be well"
            return broker, 2**step, Line("Kafka brokers", 3, f"3 × {broker}", why, 3)
    raise Misconfigured(
        f"{mb:.0f} MB a second come to each of three brokers, and the largest here is good for "
        f"{max(KAFKA_MB_S.values()):g}: more than three brokers are beyond deploy/terraform as it is"
    )
