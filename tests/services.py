"""The real Kafka and Redis of a test session: given by the environment, else in containers, else native processes."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from moodstream.local.kafka import brokers, kafka_service
from moodstream.local.ports import free_port
from moodstream.local.redis import redis_service, redis_url, require_noeviction
from moodstream.local.service import Service
from moodstream.local.supervisor import Supervisor
from tests import containers


@contextmanager
def kafka_server(folder: Path) -> Iterator[str]:
    """Bootstrap servers of a broker that answers."""
    given = os.environ.get("MOODSTREAM_KAFKA")
    with ExitStack() as running:
        if given:
            brokers(given)
            yield given
        elif image := containers.local_image(containers.KAFKA_IMAGES):
            yield running.enter_context(containers.kafka(image, free_port(set())))
        else:
            port = free_port(set())
            controller_port = free_port({port})
            service = kafka_service(folder / "kafka", folder / "kafka.log", port, controller_port, print)
            running.enter_context(_running(folder, service))
            yield f"127.0.0.1:{port}"


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The URL of a server that answers."""
    given = os.environ.get("MOODSTREAM_REDIS")
    with ExitStack() as running:
        if given:
            require_noeviction(given)
            yield given
        elif image := containers.local_image(containers.REDIS_IMAGES):
            yield running.enter_context(containers.redis(image, free_port(set())))
        else:
            port = free_port(set())
            running.enter_context(_running(folder, redis_service(folder / "redis", folder / "redis.log", port)))
            yield redis_url(port)


@contextmanager
def _running(folder: Path, service: Service) -> Iterator[None]:
    with Supervisor(folder / "status.json", print) as supervisor:
        supervisor.start(service)
        yield
