"""What Prometheus reads of an adapter: how far its shards are behind, what became of records, reads and leases."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_FRESH_S: Final = 2.0
"""What was said longer ago has grown since: a shard that isn't read, since Kafka is away, say, falls behind."""


class Metrics(Collector):
    """Counted by batch, as a worker's are."""

    def __init__(self) -> None:
        self._behind: dict[str, tuple[int, float]] = {}
        """Shard → Kinesis' own `MillisBehindLatest`, and when (monotonic seconds) it was said."""
        self.records: Counter[str] = Counter({"handed on": 0, "dead letter": 0})
        self.reads: Counter[str] = Counter({"records": 0, "empty": 0, "throttled": 0, "expired": 0, "failed": 0})
        self.leases: Counter[str] = Counter({"taken": 0, "taken over": 0, "given away": 0, "ended": 0, "lost": 0})
        self.kafka_failures = 0
        self.unread = 0
        """Shards that might be read and that nobody reads."""

    def tell(self, shard: str, behind_ms: int) -> None:
        """What an answer said of a shard that is read here."""
        self._behind[shard] = (behind_ms, time.monotonic())

    def forget(self, shard: str) -> None:
        """It's read here no more."""
        self._behind.pop(shard, None)

    def collect(self) -> Iterable[Metric]:
        behind = GaugeMetricFamily(
            "moodstream_kinesis_behind_seconds",
            "Seconds by which a shard's reading is behind its newest record.",
            labels=["shard"],
        )
        now, known = time.monotonic(), dict(self._behind)
        for shard, (ms, said) in sorted(known.items()):
            behind.add_metric([shard], ms / 1000 + max(0.0, now - said - _FRESH_S))
        yield behind
        yield GaugeMetricFamily("moodstream_kinesis_shards", "Shards that are read here.", len(known))
        yield GaugeMetricFamily("moodstream_kinesis_unread_shards", "Shards that nobody reads.", self.unread)
        yield _counted("records", "Records by what became of them.", self.records)
        yield _counted("reads", "Requests for records by what came of them.", self.reads)
        yield _counted("leases", "Leases of shards by what became of them.", self.leases)
        yield CounterMetricFamily(
            "moodstream_kinesis_kafka_failures", "Batches that Kafka did not acknowledge.", self.kafka_failures
        )


def _counted(what: str, told: str, counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(f"moodstream_kinesis_{what}", told, labels=["outcome"])
    for outcome, times in sorted(dict(counts).items()):
        family.add_metric([outcome], times)
    return family
