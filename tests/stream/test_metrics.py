"""What Prometheus reads of a worker."""

import socket

import httpx
import pytest

from contracts.errors import Fenced, Misconfigured
from moodstream.local.ports import free_port
from online.store.protocol import Memory
from stream.metrics import Metrics, serve


def test_a_worker_tells_how_late_it_learned_what_became_of_it_and_how_far_it_is() -> None:
    metrics, port = Metrics(), free_port(set())
    serve(metrics, "127.0.0.1", port)
    metrics.events = {("click", "applied"): 3, ("unread", "refused"): 1}
    metrics.items = {"applied": 2}
    metrics.letters = ({"InvalidEvent": 1}, {"InvalidEvent": 2, "UnknownSchemaVersion": 1})
    metrics.levels = {0: {"error": 0.25}, 1: {"error": 0.35}}
    metrics.memory = Memory(10, 40)
    metrics.batch(5, 0.003)
    metrics.called("read", 0.3)
    metrics.read_again(Fenced("another has it"))
    metrics.partitions = {2: (40, 45)}
    metrics.learned([1000, 1980, 1996, 2000], 2000)
    metrics.learned([3000], 2000)  # the broker's clock is ahead
    said = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text.splitlines()
    for line in (
        'moodstream_learned_seconds_bucket{le="0.005"} 3.0',
        'moodstream_learned_seconds_bucket{le="0.02"} 4.0',
        'moodstream_learned_seconds_bucket{le="1.0"} 5.0',
        "moodstream_learned_seconds_count 5.0",
        "moodstream_learned_seconds_sum 1.024",
        'moodstream_events_total{kind="click",outcome="applied"} 3.0',
        'moodstream_events_total{kind="item",outcome="applied"} 2.0',
        'moodstream_dead_letters_total{error="InvalidEvent"} 3.0',
        'moodstream_batch_records_bucket{le="5"} 1.0',
        'moodstream_learn_seconds_bucket{le="0.005"} 1.0',
        'moodstream_store_seconds_bucket{call="read",le="0.25"} 0.0',
        'moodstream_store_seconds_bucket{call="read",le="1.0"} 1.0',
        "moodstream_refused_writes_total 1.0",
        'moodstream_read_again_total{error="Fenced"} 1.0',
        'moodstream_drift_level{signal="error"} 0.3',
        "moodstream_store_memory_limit_bytes 40.0",
        'moodstream_next_offset{partition="2"} 40.0',
        'moodstream_lag_events{partition="2"} 5.0',
    ):
        assert line in said


def test_a_port_that_is_taken_is_said_by_its_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"can't be at 127.0.0.1:{port}: Address already in use"):
            serve(Metrics(), "127.0.0.1", port)
