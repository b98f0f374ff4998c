"""What Prometheus reads of a worker: how late events are learned, what became of them, and how well answers did.

Read in a thread of its own, so it takes copies of what the learner goes on counting. docs/metrics.md has the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from contracts.errors import Misconfigured
from online.learn.drift.signals import MEANS, MIXES, VOLUME
from online.learn.quality import Quality
from online.store.protocol import Memory
from stream.histogram import Histogram

BOUNDS_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
CALL_BOUNDS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
RECORDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)

_LETTERS: Final = ("InvalidEvent", "UnknownSchemaVersion", "StateUnreadable")
_SIGNALS: Final = {one.name: 0 for one in (*MEANS, VOLUME, *MIXES)}
"""Counters begin with 0: one that begins with its first event hides it from Prometheus' `increase`."""


class Metrics(Collector):
    """Counted by batch: an object of Prometheus' own for each event would cost a tenth of learning it."""

    def __init__(self) -> None:
        self._late = Histogram(BOUNDS_S)
        self._batches = Histogram(BOUNDS_S)
        self._records = Histogram(RECORDS)
        self._calls: dict[str, Histogram] = {}
        self.events: Mapping[tuple[str, str], int] = {}
        """What became of events by kind; these are set where the worker is wired."""
        self.items: Mapping[str, int] = {}
        """What became of the catalogue's changes."""
        self.letters: Sequence[Mapping[str, int]] = ()
        """What was set aside, by error."""
        self.alarms: Mapping[str, int] = {}
        """Drift alarms by signal."""
        self.tally: Mapping[str, int] = {}
        self.quality = Quality()
        self.partitions: dict[int, tuple[int, int]] = {}
        """Each of this worker's partitions: the next offset to be learned, and the log's end as last seen."""
        self.levels: dict[int, dict[str, float]] = {}
        """Of each partition, what its last block said of each signal that is watched for drift."""
        self.memory: Memory | None = None
        """The store's."""
        self._read_again: dict[str, int] = dict.fromkeys(("Fenced", "StoreUnavailable", "KafkaUnavailable"), 0)

    def learned(self, appended: Sequence[int], now: int) -> None:
        """Events that the broker appended then (UTC ms) are in the store now."""
        self._late.observe_all(np.maximum(0, now - np.array(appended, np.int64)) / 1000)

    def batch(self, records: int, seconds: float) -> None:
        """So many records were taken in together, in so long."""
        self._records.observe(records)
        self._batches.observe(seconds)

    def called(self, call: str, seconds: float) -> None:
        """The store was called."""
        histogram = self._calls.get(call)
        if histogram is None:
            histogram = self._calls[call] = Histogram(CALL_BOUNDS_S)
        histogram.observe(seconds)

    def read_again(self, error: Exception) -> None:
        """A partition is read again from the store's place."""
        name = type(error).__name__
        self._read_again[name] = self._read_again.get(name, 0) + 1

    def collect(self) -> Iterable[Metric]:
        yield _histogram(
            "moodstream_learned_seconds",
            "Seconds from the broker's append time to the store's acknowledgement.",
            self._late,
        )
        yield _histogram("moodstream_learn_seconds", "Seconds that a batch took to be learned.", self._batches)
        yield _histogram("moodstream_batch_records", "Records that were taken in together.", self._records)
        calls = HistogramMetricFamily(
            "moodstream_store_seconds", "Seconds that a call of the store took.", labels=["call"]
        )
        for call, histogram in sorted(dict(self._calls).items()):
            calls.add_metric([call], histogram.buckets(), histogram.sum)
        yield calls
        yield from self._counted()
        yield from self._judged()
        yield from self._placed()

    def _counted(self) -> Iterable[Metric]:
        events = dict(self.events) | {("item", outcome): times for outcome, times in dict(self.items).items()}
        yield _counter("moodstream_events", "Events by kind and what became of them.", ("kind", "outcome"), events)
        letters = dict.fromkeys(_LETTERS, 0)
        for told in self.letters:
            for error, times in dict(told).items():
                letters[error] = letters.get(error, 0) + times
        yield _counter("moodstream_dead_letters", "Records that were set aside, by error.", ("error",), letters)
        again = dict(self._read_again)
        yield CounterMetricFamily(
            "moodstream_refused_writes", "Writes that the store refused: another worker owns it.", again["Fenced"]
        )
        yield _counter("moodstream_read_again", "Partitions read again, by error.", ("error",), again)
        yield CounterMetricFamily(
            "moodstream_moved_users",
            "Users whose states were made again for another bundle.",
            self.tally.get("moved", 0),
        )
        yield _counter("moodstream_drift_alarms", "Drift alarms by signal.", ("signal",), _SIGNALS | dict(self.alarms))

    def _judged(self) -> Iterable[Metric]:
        quality = self.quality
        outcomes = {"taken": quality.outcomes[True], "passed over": quality.outcomes[False]}
        yield _counter("moodstream_outcomes", "Showings by what became of them.", ("outcome",), outcomes)
        judged = {"taken": quality.judged[True], "passed over": quality.judged[False]}
        yield _counter("moodstream_judged_outcomes", "Those that had a stated probability.", ("outcome",), judged)
        for name, told, value in (
            ("moodstream_stated_probability", "Their stated probabilities, added up.", quality.stated),
            ("moodstream_log_loss", "Their log-losses, added up.", quality.losses),
            ("moodstream_followed_events", "Items taken by users who had been shown something.", quality.asked),
            ("moodstream_followed_hits", "Those that stood among the first ten shown.", quality.hits),
            ("moodstream_followed_gain", "Their discounted gains, added up.", quality.gain),
        ):
            yield CounterMetricFamily(name, told, value)

    def _placed(self) -> Iterable[Metric]:
        next_offset = GaugeMetricFamily("moodstream_next_offset", "The next to be learned.", labels=["partition"])
        lag = GaugeMetricFamily("moodstream_lag_events", "Events that are yet to be learned.", labels=["partition"])
        for number, (position, end) in sorted(self.partitions.items()):
            next_offset.add_metric([str(number)], position)
            lag.add_metric([str(number)], end - position)
        yield from (next_offset, lag)
        level = GaugeMetricFamily(
            "moodstream_drift_level",
            "What the last blocks said of a signal: the mean of its partitions.",
            labels=["signal"],
        )
        for signal, values in sorted(_by_signal(list(self.levels.values())).items()):
            level.add_metric([signal], float(np.mean(values)))
        yield level
        if self.memory:
            used, limit = self.memory
            yield GaugeMetricFamily("moodstream_store_memory_bytes", "What Redis has of memory.", used)
            yield GaugeMetricFamily("moodstream_store_memory_limit_bytes", "What Redis may have of memory.", limit)


def serve(metrics: Collector, host: str, port: int) -> None:
    """Answer Prometheus in a thread of its own until the process ends; raises `Misconfigured` where that can't be."""
    registry = CollectorRegistry()
    registry.register(metrics)
    ProcessCollector(registry=registry)
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        raise Misconfigured(f"the worker's metrics can't be at {host}:{port}: {error.strerror}") from error


def _histogram(name: str, told: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(name, told, histogram.buckets(), histogram.sum)


def _counter(name: str, told: str, labels: Sequence[str], counts: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, told, labels=labels)
    for values, times in sorted(dict(counts).items()):
        family.add_metric([values] if isinstance(values, str) else values, times)
    return family


def _by_signal(levels: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for partition in levels:
        for signal, value in partition.items():
            found.setdefault(signal, []).append(value)
    return found
