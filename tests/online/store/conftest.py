"""The stores under test: every promise is tried on memory, on a server, and on a cluster."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from online.store.memory import MemoryStore
from online.store.protocol import Store
from online.store.redis import connect
from tests.online.store.servers import own_cluster

REAL = (pytest.param("redis", marks=pytest.mark.redis), pytest.param("cluster", marks=pytest.mark.redis))
OpenStore = Callable[[str], Store]
"""A store for this namespace."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a cluster of one node."""
    with own_cluster(tmp_path_factory.mktemp("cluster")) as server:
        yield server.url


def _opener(kind: str, request: pytest.FixtureRequest) -> OpenStore:
    if kind == "memory":
        return lambda _: MemoryStore()
    url = request.getfixturevalue("redis_url" if kind == "redis" else "cluster_url")
    return lambda namespace: connect(url, namespace, cluster=kind == "cluster")


@pytest.fixture(params=["memory", *REAL])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    return _opener(request.param, request)


@pytest.fixture(params=REAL)
def open_real_store(request: pytest.FixtureRequest) -> OpenStore:
    return _opener(request.param, request)


@pytest.fixture
async def store(open_store: OpenStore, namespace: str) -> AsyncIterator[Store]:
    """An empty store: memory, Redis, or a Redis cluster."""
    opened = open_store(namespace)
    yield opened
    await opened.close()


@pytest.fixture
async def real_store(open_real_store: OpenStore, namespace: str) -> AsyncIterator[Store]:
    """An empty store: Redis or a Redis cluster."""
    opened = open_real_store(namespace)
    yield opened
    await opened.close()
