"""The API with a publisher in memory, and the same with real Kafka."""

from collections.abc import Iterator

import pytest

from contracts.settings import Settings
from online.store.memory import MemoryStore
from serving.kafka import KafkaPublisher
from serving.publisher import Publisher
from stream import topics
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.serving.api import Api, served

BUNDLE = random_bundle(100, 1)
PATIENT = Settings(store_timeout_s=60)
"""A process that stands still for a moment makes no answer a degraded one."""


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def publisher(request: pytest.FixtureRequest) -> Publisher:
    """Where events go."""
    if request.param == "memory":
        return MemoryPublisher()
    bootstrap: str = request.getfixturevalue("kafka")
    namespace: str = request.getfixturevalue("namespace")
    topics.ensure(bootstrap, namespace, 4, 1)
    return KafkaPublisher(bootstrap, namespace, 10.0)


@pytest.fixture
def api(publisher: Publisher) -> Iterator[Api]:
    """The API on a bundle and an empty store."""
    store, shelf = MemoryStore(), MemoryShelf(BUNDLE)
    with served(PATIENT, store, shelf, publisher) as http:
        yield Api(http, publisher, store, shelf)


@pytest.fixture
def log() -> MemoryPublisher:
    """Kafka in memory."""
    return MemoryPublisher()


@pytest.fixture
def memory_api(log: MemoryPublisher) -> Iterator[Api]:
    """The API on Kafka in memory only."""
    store, shelf = MemoryStore(), MemoryShelf(BUNDLE)
    with served(PATIENT, store, shelf, log) as http:
        yield Api(http, log, store, shelf)
