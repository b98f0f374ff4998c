"""Kafka as the model has it: the logs of two partitions, to which workers and producers append, and other topics."""

from collections.abc import Sequence
from typing import Final

from contracts.sharding import USER_SHARDS, partition_of, shards_of, user_shard
from contracts.topics import EVENTS
from online.learn.outgoing import Outgoing, Raw
from tests.online.learn.logs import APART_MS, PARTITIONS, START

NUMBERS: Final = (0, 1)
"""The partitions that there are records in; each has two user shards."""


def _users(number: int) -> list[str]:
    """Two users of a partition's first shard and one of its other."""
    found = {shard: [f"u{n}" for n in range(8 * USER_SHARDS) if user_shard(f"u{n}") == shard] for shard in _of(number)}
    first, other = found.values()
    return [*first[:2], other[0]]


def _of(number: int) -> range:
    return shards_of(number, PARTITIONS)


USERS: Final = tuple(user for number in NUMBERS for user in _users(number))
SHARDS: Final = tuple(shard for number in NUMBERS for shard in _of(number))


class Kafka:
    """Records arrive APART_MS after each other."""

    def __init__(self) -> None:
        self.lives: list[dict[int, list[Raw]]] = []
        """The logs of each life of the topic, the present one last."""
        self.sent: list[Outgoing] = []
        """What went to other topics."""
        self._arrivals = 0
        self.recreate()

    def recreate(self) -> None:
        """The topic is deleted and made again: offsets restart."""
        self.lives.append({number: [] for number in NUMBERS})

    @property
    def logs(self) -> dict[int, list[Raw]]:
        return self.lives[-1]

    @property
    def incarnation(self) -> str:
        return incarnation(len(self.lives) - 1)

    def append(self, number: int, value: bytes) -> None:
        """One more record."""
        self._arrivals += 1
        log = self.logs[number]
        log.append(Raw(EVENTS, number, len(log), START + APART_MS * self._arrivals, value))

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Records by their keys."""
        for out in outgoing:
            if out.topic is EVENTS:
                self.append(partition_of(out.key, PARTITIONS), out.value)
            else:
                self.sent.append(out)


def incarnation(life: int) -> str:
    """The id of the topic in one of its lives."""
    return f"topic-{life + 1}"
