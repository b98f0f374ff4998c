"""What one run stands on: Kafka and Redis of its own, reached by links, and a Redis for the clean run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from moodstream.local.ports import LOOPBACK
from tests.faults.network import Link, Network
from tests.faults.servers import Kafka, Redis


class Stack(NamedTuple):
    """Servers that answer."""

    folder: Path
    network: Network
    kafka: Kafka
    redis: Redis
    clean: Redis
    """Nothing ever happens to this one."""
    to_kafka: Link
    to_redis: Link
    """The API's; each worker has its own."""

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.to_kafka.port}"


@contextmanager
def stack(folder: Path) -> Iterator[Stack]:
    """Started, and killed at the end."""
    with ExitStack() as running, Network() as network:
        kafka, redis, clean = Kafka(folder), Redis(folder), Redis(_made(folder / "clean"))
        to_kafka, to_redis = network.to(kafka.port), network.to_redis(redis.port)
        kafka.lead_through(to_kafka.port)
        for server in (kafka, redis, clean):
            running.callback(server.kill)
            server.start()
        yield Stack(folder, network, kafka, redis, clean, to_kafka, to_redis)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
