"""The API as a process: it serves on real Kafka and Redis, and ends in time with exit code 0."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from model.shelf import Shelf
from moodstream.local.ports import free_port
from stream import topics
from tests.fakes.bundle import random_bundle
from tests.serving.test_events import LIKE, is_problem

ENDS_WITHIN_S = 10.0
"""5 are promised; the rest is for a busy machine."""


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """`python -m serving` with a bundle, once it answers."""
    shelf, bundle = Shelf(str(folder / "bundles")), random_bundle(50, 1)
    shelf.add(bundle)
    shelf.point(bundle.version)
    port = free_port(set())
    chosen = {"store_timeout_s": "60", **settings, "bundles": str(folder / "bundles"), "api_port": str(port)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOODSTREAM_")}
    environment |= {f"MOODSTREAM_{name.upper()}": value for name, value in chosen.items()}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "serving"], env=environment, stdout=log, stderr=log)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15, trust_env=False) as http:
                _wait_for(process, http)
                yield process, http
        finally:
            process.kill()
            process.wait()


def ends(process: "subprocess.Popen[bytes]") -> float:
    """Seconds from SIGTERM to the end, which is a good one."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    return time.monotonic() - began


def test_it_serves_on_real_servers_and_leaves_when_told(
    tmp_path: Path, kafka: str, redis_url: str, namespace: str
) -> None:
    topics.ensure(kafka, namespace, 4, 1)
    with serving(tmp_path, kafka=kafka, redis=redis_url, namespace=namespace) as (process, http):
        assert http.get("/v1/recommendations?user_id=me").json()["watermark"]["offset"] == -1
        until = time.monotonic() + 20
        while (posted := http.post("/v1/events", json=LIKE)).status_code == 503 and time.monotonic() < until:
            time.sleep(0.1)
        assert posted.status_code == 202
        assert http.get("/health/ready").json()["degraded"] == []
        assert ends(process) < ENDS_WITHIN_S


def test_with_nothing_but_a_bundle_it_starts_answers_and_leaves_when_told(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port(set())}"
    with serving(tmp_path, kafka=nobody, redis=f"redis://{nobody}/0") as (process, http):
        assert len(http.get("/v1/recommendations?user_id=me").json()["items"]) == 10
        is_problem(http.post("/v1/events", json=LIKE), 503)
        assert ends(process) < ENDS_WITHIN_S


def _wait_for(process: "subprocess.Popen[bytes]", http: httpx.Client) -> None:
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        try:
            if http.get("/health/live").is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError("the API did not come up")
