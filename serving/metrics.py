"""What Prometheus reads of the API; docs/metrics.md has the table."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    Summary,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from model.bundle import Bundle

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUNDLES: Final = 3
"""Told apart: the current one, a canary, and the one before."""
_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_AGES_S: Final = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0)


# else each has a second series, which tells what `process_start_time_seconds` does
disable_created_metrics()  # type: ignore[no-untyped-call]


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
        self.created = Gauge(
            "moodstream_bundle_created_timestamp_seconds",
            "When the current bundle was made.",
            registry=self.registry,
        )
        self.trained = Gauge(
            "moodstream_bundle_trained_timestamp_seconds",
            "The time of the last event that the current bundle was trained on.",
            registry=self.registry,
        )
        self.whole = Counter(
            "moodstream_answers_total",
            "Answers by whether they say they are degraded: whole or degraded.",
            ["outcome"],
            registry=self.registry,
        )
        self.age = Histogram(
            "moodstream_state_age_seconds",
            "Seconds from the user's last event that an answer knew of to the answer.",
            buckets=_AGES_S,
            registry=self.registry,
        )
        self.shown = Counter(
            "moodstream_shown_items_total",
            "Recommended items by each source that brought them.",
            ["source"],
            registry=self.registry,
        )
        self.store = Histogram(
            "moodstream_store_seconds",
            "Seconds that a call of the store took.",
            ["call"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.late = Gauge(
            "moodstream_loop_late_seconds",
            "By how much the event loop came late to what was due a second ago: it has too much to do.",
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        for counter, known in (
            (self.events, ("accepted", "refused", "unknown")),
            (self.impressions, ("sent", "dropped")),
            (self.shed, ("answers", "posts")),
            (self.whole, ("whole", "degraded")),
            (self.degraded, ("store", "stream", "bundle", "items")),
        ):
            for value in known:  # a counter that begins with its first event hides it from `increase`
                counter.labels(value)
        self._version = ""
        self._bundles: dict[str, None] = {}

    def watch_candidates(self, brought: Mapping[str, int]) -> None:
        """Tell how many candidates each source has brought, as it's counted there."""
        self.registry.register(_Candidates(brought))

    def answered(self, degraded: Sequence[str], lag: int | None) -> None:
        """Count what an answer says of itself."""
        self.whole.labels("degraded" if degraded else "whole").inc()
        for part in {reason.partition(":")[0] for reason in degraded}:
            self.degraded.labels(part).inc()
        if lag is not None:
            self.lag.set(lag)

    def recommended(self, sources: Iterable[Sequence[str]], age_ms: int | None) -> None:
        """Count the sources of what is shown, and how old the state was that it was chosen from."""
        for source, times in Tally(chain.from_iterable(sources)).items():
            self.shown.labels(source).inc(times)
        if age_ms is not None:
            self.age.observe(age_ms / 1000)

    def made(self, version: str, seconds: float) -> None:
        """Count an answer of a bundle, of a canary too; bundles that answered longest ago are forgotten."""
        self._bundles.pop(version, None)
        self._bundles[version] = None
        self.answers.labels(version or "none").observe(seconds)
        while len(self._bundles) > _BUNDLES:
            oldest = next(iter(self._bundles))
            del self._bundles[oldest]
            self.answers.remove(oldest or "none")

    def current_bundle(self, version: str, bundle: Bundle | None) -> None:
        """Say which bundle is current, and how old it is."""
        self.created.set(bundle.created / 1000 if bundle else 0)
        self.trained.set(bundle.watermark.time / 1000 if bundle else 0)
        if version != self._version:
            self.bundle.clear()
            self._version = version
        self.bundle.labels(version or "none").set(1)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)


class _Candidates(Collector):
    """A tally of plain numbers: every answer adds to it a dozen times."""

    def __init__(self, brought: Mapping[str, int]) -> None:
        self._brought = brought

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(
            "moodstream_candidates", "Candidates by the source that brought them.", labels=["source"]
        )
        for source, times in sorted(dict(self._brought).items()):
            family.add_metric([source], times)
        yield family
