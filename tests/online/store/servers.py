"""Servers of a test's own, to be flushed, stopped or set up as a cluster."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import redis

from moodstream.local.ports import LOOPBACK, free_port
from moodstream.local.redis import answers, find_redis, redis_url


class Server(NamedTuple):
    """A running Redis or Valkey."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def own_server(folder: Path, *options: str) -> Iterator[Server]:
    """A server on a free port that keeps nothing, with these options beside."""
    port = free_port(set())
    argv = [str(find_redis().program), "--port", str(port), "--bind", LOOPBACK, "--dir", str(folder), "--save", ""]
    with (folder / "log").open("wb") as log, subprocess.Popen([*argv, *options], stdout=log, stderr=log) as process:
        try:
            _wait(lambda: answers(redis_url(port)))
            yield Server(redis_url(port), process)
        finally:
            process.kill()


@contextmanager
def own_cluster(folder: Path) -> Iterator[Server]:
    """A cluster of one node, which holds all slots."""
    bus = str(free_port(set()))  # else it is the server's own + 10,000, which may be no port at all
    with own_server(folder, "--cluster-enabled", "yes", "--cluster-port", bus) as server:
        with redis.Redis.from_url(server.url) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            _wait(lambda: b"cluster_state:ok" in bytes(client.execute_command("CLUSTER", "INFO")))
        yield server


def _wait(ready: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "the server doesn't get ready"
        time.sleep(0.02)
