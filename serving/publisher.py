"""What the API needs of Kafka: records that all replicas acknowledge, or a word why not."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from contracts.topics import Topic


class Publishing(NamedTuple):
    """One record to be sent; the key chooses the partition by Kafka's default partitioner, murmur2."""

    topic: Topic
    key: str
    value: bytes
    request: str = ""
    """The id of the request that sends it."""


class Placed(NamedTuple):
    """Where a record came to lie."""

    partition: int
    offset: int
    time: int
    """UTC ms: the broker's append time."""


class Rejected(NamedTuple):
    """Kafka won't take this record, however often it is sent."""

    reason: str


Fate = Placed | Rejected | None
"""What became of a record; None: nobody knows, send it again."""


class Publisher(Protocol):
    """Kafka (`serving.kafka`), or a test's list."""

    @property
    def trouble(self) -> str | None:
        """Why it can't send now, as far as it knows."""

    @property
    def waiting(self) -> int:
        """Bytes whose fate isn't known yet."""

    @property
    def is_left_alone(self) -> bool:
        """Whether it failed so often that it's tried by one request at a time."""

    async def start(self) -> None:
        """Begin to connect; returns at once."""

    async def close(self) -> None:
        """Send what waits, for a short time, and let go."""

    async def publish(self, records: Sequence[Publishing]) -> list[Fate]:
        """Returns when the fate of all is known or their time is up; raises `KafkaUnavailable` where no fate is."""

    def offer(self, record: Publishing) -> bool:
        """Send without waiting; False where it was dropped, since too much waits already."""
