"""Fixtures that every suite shares: a real Kafka, a real Redis, and a name of one's own in them."""

import re
import secrets
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.services import kafka_server, redis_server

settings.load_profile("ci")  # the same examples each time, and no deadline: it tells of the code, not of dice or load
SERVERS = {"kafka": "kafka", "redis_url": "redis"}
"""The marker that a test gets for asking for the fixture."""


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a real Kafka, started once a session when the first test asks for it."""
    with kafka_server(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Redis or Valkey, started once a session when the first test asks for it."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """A prefix for topics, keys and groups that no other test has, made of the test's name."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40]
    return f"{name}-{secrets.token_hex(4)}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the servers they use, for `-m kafka`, and say so in the JUnit file, for `.ci/run` to count."""
    for item in items:
        for fixture, marker in SERVERS.items():
            if fixture in getattr(item, "fixturenames", ()) and not item.get_closest_marker(marker):
                item.add_marker(marker)
        item.user_properties += [("server", marker) for marker in SERVERS.values() if item.get_closest_marker(marker)]
