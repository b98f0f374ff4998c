"""What Prometheus reads of an adapter."""

import time

from prometheus_client import CollectorRegistry

from stream.sources.kinesis import metrics as told
from stream.sources.kinesis.metrics import Metrics


def test_a_shard_that_isnt_read_any_more_falls_behind() -> None:
    metrics, registry = Metrics(), CollectorRegistry()
    registry.register(metrics)
    began = time.monotonic()
    metrics.tell("s0", 500)
    said = metrics._behind["s0"]
    metrics._behind["s0"] = (said[0], said[1] - 60 - told._FRESH_S)
    behind = registry.get_sample_value("moodstream_kinesis_behind_seconds", {"shard": "s0"})
    assert behind is not None
    assert 60.5 <= behind <= 60.5 + time.monotonic() - began
    metrics.forget("s0")
    assert registry.get_sample_value("moodstream_kinesis_shards") == 0


def test_outcomes_are_there_from_the_beginning() -> None:
    registry = CollectorRegistry()
    registry.register(Metrics())
    for what, outcome in (("records", "dead letter"), ("reads", "throttled"), ("leases", "taken over")):
        assert registry.get_sample_value(f"moodstream_kinesis_{what}_total", {"outcome": outcome}) == 0
