"""What Prometheus reads of a worker: how late events are learned, how many, and how far each partition is behind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from contracts.errors import Misconfigured

BOUNDS_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)


class Metrics(Collector):
    """Counted by batch: an object of Prometheus' own for each event would cost a tenth of learning it."""

    def __init__(self) -> None:
        self._times = np.zeros(len(BOUNDS_S) + 1, np.int64)
        self._summed_s = 0.0
        self.outcomes: Mapping[str, int] = {}
        """What became of the records; set where the worker is wired."""
        self.alarms: Mapping[str, int] = {}
        """Drift alarms by signal; set there too."""
        self.partitions: dict[int, tuple[int, int]] = {}
        """Each of this worker's partitions: the next offset to be learned, and the log's end as last seen."""

    def learned(self, appended: Sequence[int], now: int) -> None:
        """Events that the broker appended then (UTC ms) are in the store now."""
        late = np.maximum(0, now - np.array(appended)) / 1000
        self._times += np.bincount(np.searchsorted(BOUNDS_S, late), minlength=len(self._times))
        self._summed_s += float(late.sum())

    def collect(self) -> Iterable[Metric]:
        bounds = [*map(str, BOUNDS_S), "+Inf"]
        yield HistogramMetricFamily(
            "moodstream_learned_seconds",
            "Seconds from the broker's append time to the store's acknowledgement.",
            list(zip(bounds, np.cumsum(self._times).tolist(), strict=True)),
            self._summed_s,
        )
        outcomes = CounterMetricFamily("moodstream_records", "Records by what became of them.", labels=["outcome"])
        for outcome, times in sorted(dict(self.outcomes).items()):
            outcomes.add_metric([outcome], times)
        yield outcomes
        alarms = CounterMetricFamily("moodstream_drift_alarms", "Drift alarms by signal.", labels=["signal"])
        for signal, times in sorted(dict(self.alarms).items()):
            alarms.add_metric([signal], times)
        yield alarms
        next_offset = GaugeMetricFamily("moodstream_next_offset", "The next to be learned.", labels=["partition"])
        lag = GaugeMetricFamily("moodstream_lag_events", "Events that are yet to be learned.", labels=["partition"])
        for number, (position, end) in sorted(self.partitions.items()):
            next_offset.add_metric([str(number)], position)
            lag.add_metric([str(number)], end - position)
        yield from (next_offset, lag)


def serve(metrics: Collector, host: str, port: int) -> None:
    """Answer Prometheus in a thread of its own until the process ends; raises `Misconfigured` where that can't be."""
    registry = CollectorRegistry()
    registry.register(metrics)
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        raise Misconfigured(f"the worker's metrics can't be at {host}:{port}: {error.strerror}") from error
