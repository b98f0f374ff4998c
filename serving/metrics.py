"""What Prometheus reads of the API."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUNDLES: Final = 3
"""Told apart: the current one, a canary, and the one before."""
_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """One registry for each app, so that tests don't meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.latency = Histogram(
            "moodstream_request_seconds",
            "Seconds from a request to its answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.requests = Counter(
            "moodstream_requests_total",
            "Requests by route, method and status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.events = Counter(
            "moodstream_posted_events_total",
            "Posted events by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.impressions = Counter(
            "moodstream_impressions_total", "Impressions by what became of them.", ["outcome"], registry=self.registry
        )
        self.degraded = Counter(
            "moodstream_degraded_total",
            "Answers that say they are degraded, by part.",
            ["part"],
            registry=self.registry,
        )
        self.shed = Counter(
            "moodstream_shed_total",
            "Requests turned away with 429, by kind: answers or posts.",
            ["kind"],
            registry=self.registry,
        )
        self.under_way = Gauge(
            "moodstream_under_way", "Requests under way, by kind: answers or posts.", ["kind"], registry=self.registry
        )
        self.limit = Gauge(
            "moodstream_limit",
            "Requests that may be under way, by kind: answers or posts.",
            ["kind"],
            registry=self.registry,
        )
        self.left_alone = Gauge(
            "moodstream_left_alone",
            "1 while store or Kafka keeps failing and is tried by one request at a time.",
            ["part"],
            registry=self.registry,
        )
        self.waiting = Gauge(
            "moodstream_kafka_waiting_bytes", "Bytes that Kafka hasn't acknowledged yet.", registry=self.registry
        )
        self.lag = Gauge(
            "moodstream_stream_lag_events", "Events that the stream has yet to take in.", registry=self.registry
        )
        self.bundle = Gauge(
            "moodstream_bundle_info", "1 for the bundle that is current here.", ["version"], registry=self.registry
        )
        self.answers = Summary(
            "moodstream_answer_seconds",
            "Seconds that answers for users took to be made, by the bundle that they are of.",
            ["bundle"],
            registry=self.registry,
        )
        self._version = ""
        self._bundles: dict[str, None] = {}

    def answered(self, degraded: Iterable[str], lag: int | None) -> None:
        """Count what an answer says of itself."""
        for part in {reason.partition(":")[0] for reason in degraded}:
            self.degraded.labels(part).inc()
        if lag is not None:
            self.lag.set(lag)

    def made(self, version: str, seconds: float) -> None:
        """Count an answer of a bundle, of a canary too; bundles that answered longest ago are forgotten."""
        self._bundles.pop(version, None)
        self._bundles[version] = None
        self.answers.labels(version or "none").observe(seconds)
        while len(self._bundles) > _BUNDLES:
            oldest = next(iter(self._bundles))
            del self._bundles[oldest]
            self.answers.remove(oldest or "none")

    def current_bundle(self, version: str) -> None:
        """Say which bundle is current."""
        if version != self._version:
            self.bundle.clear()
            self._version = version
        self.bundle.labels(version or "none").set(1)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)
