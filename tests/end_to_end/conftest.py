"""A worker and an API as processes, on the session's Kafka and Redis, with an untrained bundle published."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from contracts.rollout import Rollout
from contracts.settings import Settings
from model.bundle import Bundle
from model.shelf import Shelf
from moodstream.client import Client
from moodstream.local.ports import free_port
from moodstream.local.running import heartbeats
from online.publish import publish
from stream import topics
from tests.fakes.bundle import random_bundle

READY_WITHIN_S = 120


class Loop(NamedTuple):
    """What runs, and a client of it."""

    settings: Settings
    shelf: Shelf
    client: Client


@pytest.fixture(scope="session")
def loop(kafka: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """The running loop, in a namespace of its own."""
    with looped(in_a_home(kafka, redis_url, tmp_path_factory.mktemp("home")), random_bundle()) as running:
        yield running


def in_a_home(kafka: str, redis: str, home: Path) -> Settings:
    """A namespace and a port of one's own, and more patience with a busy machine than answers have by themselves."""
    namespace = f"loop-{secrets.token_hex(4)}"
    port = free_port(set())
    return Settings(kafka=kafka, redis=redis, home=home, namespace=namespace, api_port=port, store_timeout_s=10)


@contextmanager
def looped(settings: Settings, bundle: Bundle) -> Iterator[Loop]:
    """The loop with this bundle published."""
    topics.ensure(settings.kafka or "", settings.namespace, settings.partitions, settings.replication)
    shelf = Shelf(settings.bundles_url)
    publish(settings, shelf, Rollout(shelf.add(bundle)))
    with ExitStack() as running:
        for verb in ("stream", "serve"):
            running.enter_context(process(settings, verb))
        client = running.enter_context(Client(f"http://{settings.api_host}:{settings.api_port}"))
        _until_ready(settings, client)
        yield Loop(settings, shelf, client)


@contextmanager
def process(settings: Settings, verb: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A verb of ours as a process, logged to the home, ended by SIGTERM."""
    with (settings.home / f"{verb}.log").open("wb") as log:
        started = subprocess.Popen(
            (sys.executable, "-m", "moodstream", verb),
            env={"PATH": os.environ["PATH"], **settings.environment()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield started
        started.terminate()
        started.wait(60)
    finally:
        started.kill()
        started.wait()


def _until_ready(settings: Settings, client: Client) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while len(heartbeats(settings)) < settings.partitions or not _is_well(client):
        logs = "\n".join(path.read_text()[-2000:] for path in settings.home.glob("*.log"))
        assert time.monotonic() < deadline, logs
        time.sleep(0.1)


def _is_well(client: Client) -> bool:
    """Whether it has all that it needs: it's ready before it has Kafka."""
    try:
        return bool(httpx.get(f"{client.address}/health/ready").json()["degraded"] == [])
    except httpx.HTTPError:
        return False
