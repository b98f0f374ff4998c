"""The harness's own Kafka and Redis: real processes that it kills, freezes and starts again, on the ports they had."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import redis

from moodstream.local.kafka import kafka_service
from moodstream.local.ports import LOOPBACK, free_port
from moodstream.local.redis import redis_service, redis_url
from moodstream.local.service import Child, Service

READY_WITHIN_S: Final = 240.0


class Server:
    """One server's process."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._child = Child(service)

    def start(self) -> None:
        """Returns when it answers; call it in the main thread, with which the process dies."""
        self._child.spawn()
        wait_until(self._child.is_ready, f"{self._service.name} to answer", READY_WITHIN_S)

    def kill(self) -> None:
        """kill -9."""
        self._child.wait(0)

    def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        self._child.terminate()
        self._child.wait(60)

    def freeze(self) -> None:
        os.kill(self._child.pid or 0, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._child.pid or 0, signal.SIGCONT)


class Redis(Server):
    """Its append-only file can be copied while it runs, and put back later: a server that comes back older."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port(set())
        self.url = redis_url(self.port)
        self._folder = folder / "redis"
        self._copies = folder / "older"
        super().__init__(redis_service(self._folder, folder / "redis.log", self.port))

    def copy(self, name: str) -> None:
        """Keep the append-only file as it is now."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set("auto-aof-rewrite-percentage", 0)  # a copy in the midst of a rewriting would be of no use
            wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"], "the file to be rewritten")
            shutil.rmtree(self._copies / name, ignore_errors=True)
            shutil.copytree(self._folder, self._copies / name)
            client.config_set("auto-aof-rewrite-percentage", 100)

    def start_older(self, name: str) -> None:
        """Start with that copy instead of what it had when it was killed."""
        shutil.rmtree(self._folder)
        shutil.copytree(self._copies / name, self._folder)
        self.start()

    def pause(self, seconds: float) -> None:
        """CLIENT PAUSE: it takes commands and doesn't answer."""
        with redis.Redis.from_url(self.url) as client:
            client.client_pause(int(1000 * seconds))


class Kafka(Server):
    """A broker that sends its clients to a link's port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port(set())
        controller = free_port(set())
        self._properties = folder / "kafka" / "server.properties"
        super().__init__(kafka_service(folder / "kafka", folder / "kafka.log", self.port, controller, print))

    def lead_through(self, port: int) -> None:
        """Before it starts: clients are told to come by this port."""
        text, own = self._properties.read_text(), f"advertised.listeners=PLAINTEXT://{LOOPBACK}:"
        self._properties.write_text(text.replace(f"{own}{self.port}", f"{own}{port}"))


def wait_until(holds: Callable[[], bool], what: str, within_s: float = 60.0) -> float:
    """Returns the seconds that it took; raises `TimeoutError`."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within_s:
            raise TimeoutError(f"waited {within_s:.0f} s for {what}")
        time.sleep(0.02)
    return time.monotonic() - began
