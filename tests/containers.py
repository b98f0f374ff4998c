"""Kafka and Redis in containers, by testcontainers, where a Docker engine runs and has the image: nothing is pulled."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import docker  # type: ignore[import-untyped, unused-ignore]
from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped, unused-ignore]
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from moodstream.local import kafka as kafka_local
from moodstream.local import redis as redis_local

KAFKA_IMAGES: Final = ("apache/kafka:4.3.1", "apache/kafka:4.3.0", "apache/kafka:latest")
REDIS_IMAGES: Final = ("valkey/valkey:9", "valkey/valkey:8", "redis:8", "redis:7", "redis:latest")
_SOCKET: Final = "/var/run/docker.sock"
_KAFKA_VARIABLES: Final = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
}


def local_image(names: Sequence[str]) -> str | None:
    """The first of these images that the engine has; None without an engine or image. It answers within seconds."""
    if "DOCKER_HOST" not in os.environ and not _listens(_SOCKET):
        return None
    try:
        client = docker.from_env(timeout=3)
    except DockerException:
        return None
    try:
        return next((name for name in names if _has(client, name)), None)
    except DockerException:
        return None
    finally:
        client.close()


@contextmanager
def kafka(image: str, port: int) -> Iterator[str]:
    """A broker that says it's at 127.0.0.1:`port`."""
    address = f"127.0.0.1:{port}"
    container = DockerContainer(image).with_bind_ports(9092, port)
    for name, value in {**_KAFKA_VARIABLES, "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{address}"}.items():
        container = container.with_env(name, value)
    with _started(container, lambda: kafka_local.answers(address)):
        yield address


@contextmanager
def redis(image: str, port: int) -> Iterator[str]:
    """A server at 127.0.0.1:`port`."""
    url = redis_local.redis_url(port)
    with _started(DockerContainer(image).with_bind_ports(6379, port), lambda: redis_local.answers(url)):
        yield url


@contextmanager
def _started(container: DockerContainer, ready: Callable[[], bool], within_s: float = 60.0) -> Iterator[None]:
    testcontainers_config.ryuk_disabled = True  # its image would have to be pulled
    with container:
        deadline = time.monotonic() + within_s
        while not ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the container of {container.image} doesn't answer after {within_s:.0f} s")
            time.sleep(0.1)
        yield


def _listens(path: str) -> bool:
    """Asked first, since the client leaves a socket open when nobody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def _has(client: Any, name: str) -> bool:
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True
