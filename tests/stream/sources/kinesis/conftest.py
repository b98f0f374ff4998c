"""A real server of Kinesis and DynamoDB, a stream of one's own, and adapters as processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.settings import Settings
from stream import topics
from stream.sources.kinesis.aws import Where
from tests.aws.given import aws
from tests.aws.stream import Stream, stream
from tests.stream.sources.kinesis.processes import Adapters


@pytest.fixture(scope="session")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Where]:
    with aws(tmp_path_factory.mktemp("aws")) as given:
        yield given


@pytest.fixture
def clicks(where: Where, namespace: str) -> Iterator[Stream]:
    """A stream of two shards."""
    with stream(where, namespace) as made:
        yield made


@pytest.fixture
def settings(kafka: str, namespace: str, tmp_path: Path) -> Settings:
    """With topics."""
    made = Settings(kafka=kafka, namespace=namespace, home=tmp_path)
    topics.ensure(kafka, namespace, made.partitions, 1)
    return made


@pytest.fixture
def adapters(settings: Settings, clicks: Stream) -> Iterator[Adapters]:
    """None runs yet."""
    with Adapters(settings, clicks) as made:
        yield made
