"""All of it together: what is needed, what it costs a month, and what the manifests as they are can't bear."""

from typing import Final

import msgspec

from moodstream.size import need, nodes
from moodstream.size.coefficients import Coefficients
from moodstream.size.need import Asked, Line
from moodstream.size.prices import Prices

HOURS: Final = 730.0
_ZONES: Final = 3
_ENDPOINTS: Final = 13
_SYSTEM_NODES: Final = 3
_BURST: Final = 2
"""Replicas that there may be, over those of the usual peak."""
_FLUSH_S: Final = 10.0
"""A worker writes each partition's file and how far it is so often (stream/app.py)."""
_TERRAFORMS_DISK: Final = 2_000
"""kafka_volume_gb_max in deploy/terraform/variables.tf."""
PACKED: Final = 1.35
"""Cores of nodes that are paid for, over those that pods ask for: what the system takes, and what doesn't fit."""


class Cost(msgspec.Struct, frozen=True):
    """One line of the bill, US dollars a month."""

    what: str
    month: float
    why: str


class Plan(msgspec.Struct, frozen=True):
    """What comes out."""

    asked: Asked
    lines: list[Line]
    costs: list[Cost]
    month: float
    settings: dict[str, str]
    """What to write into MOODSTREAM_… and Terraform's variables."""
    warnings: list[str]


def plan(asked: Asked, of: Coefficients, prices: Prices) -> Plan:
    """Raises `Misconfigured` for what no deployment of ours can bear."""
    partitions, workers = need.stream(asked, of)
    api, memory = need.serving(asked, of), need.api_memory(asked, of)
    keys, disk, lake = need.redis_memory(asked, of), need.kafka_disk(asked, of), need.lake(asked, of)
    gpu, night = need.nights(asked, of)
    cluster = nodes.redis(keys.count, asked, of)
    redis = nodes.redis_line(cluster, asked, of)
    broker, larger, brokers = nodes.kafka(asked, of)
    cores = (workers.mean + api.mean) * PACKED
    puts = 2 * partitions.count * HOURS * 3600 / _FLUSH_S
    costs = [
        Cost("before a single pod", _standing(prices), "EKS, three system nodes, NAT, endpoints, keys, logs, balancer"),
        Cost(
            "workers and API", cores * prices["cpu_hour"] * HOURS, f"{cores:.1f} cores over the day's mean, a core each"
        ),
        Cost("Kafka", brokers.count * larger * prices["kafka_hour"] * HOURS, brokers.said),
        Cost("Kafka's disks", brokers.count * disk.count * prices["kafka_gb_month"], f"3 × {disk.said}"),
        Cost("Redis", redis.count * cluster.large * prices["redis_hour"] * HOURS, redis.said),
        Cost("lake", lake.count * prices["s3_gb_month"], lake.said),
        Cost(
            "writing the lake",
            puts / 1000 * prices["s3_thousand_puts"],
            f"{puts / 1e6:.1f} million PUTs: two each ten seconds and partition",
        ),
        Cost("GPU", gpu.count * prices["gpu_hour"], "on demand; spot is cheaper"),
    ]
    settings = {
        "MOODSTREAM_PARTITIONS": f"{partitions.count:.0f}",
        "maxReplicaCount of stream": f"{partitions.count:.0f}",
        "maxReplicaCount of serving": f"{_BURST * api.count:.0f}",
        "kafka_instance_type": broker,
        "kafka_volume_gb": f"{disk.count:.0f}",
        "redis_node_type": cluster.node,
        "redis_shards": f"{cluster.shards}",
        "redis_replicas": f"{asked.copies}",
    }
    lines = [partitions, workers, api, memory, keys, redis, brokers, disk, lake, gpu, night]
    return Plan(asked, lines, costs, sum(one.month for one in costs), settings, _warnings(memory, disk, night))


def _standing(prices: Prices) -> float:
    hourly = (
        prices["eks_hour"]
        + _SYSTEM_NODES * prices["system_node_hour"]
        + _ZONES * (prices["nat_hour"] + _ENDPOINTS * prices["endpoint_hour"])
        + prices["balancer_hour"]
    )
    return hourly * HOURS + prices["keys_and_logs_month"]


def _warnings(memory: Line, disk: Line, night: Line) -> list[str]:
    found = []
    if memory.count > need.POD_MB:
        found.append(f"An API replica wants {memory.said}, and deploy/k8s/base/serving.yaml gives 1Gi: raise it.")
    if disk.count > _TERRAFORMS_DISK:
        found.append(f"A broker's disk wants {disk.said}, and kafka_volume_gb_max is {_TERRAFORMS_DISK:,}: raise it.")
    if night.count > need.NIGHT_GB:
        found.append(
            f"A night wants {night.said} of memory, and deploy/k8s/base/nightly.yaml gives 6Gi: raise it, or hold "
            "fewer events (moodstream nightly --hold)."
        )
    return found
