"""Kafka as the model has it: the logs of two partitions, which may become four, and what goes to other topics."""

from collections.abc import Sequence
from typing import Final

from contracts import events
from contracts.epochs import epoch_name
from contracts.events import PartitionChange
from contracts.sharding import USER_SHARDS, partition_of, shards_of, user_shard
from contracts.topics import EVENTS
from online.learn.course import Course, Epoch
from online.learn.outgoing import Outgoing, Raw
from tests.online.learn.logs import APART_MS, PARTITIONS, START

NUMBERS: Final = (0, 1)
"""The partitions that there are records in; each has two user shards."""
MORE: Final = 2 * PARTITIONS
ADDED: Final = tuple(number + PARTITIONS for number in NUMBERS)
"""Those that are added, and get a shard each."""


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
        self.courses: list[Course] = []
        """What is noted of each life's partitions."""
        self.sent: list[Outgoing] = []
        """What went to other topics."""
        self._arrivals = 0
        self.recreate()

    def recreate(self) -> None:
        """The topic is deleted and made again: offsets restart."""
        self.lives.append({number: [] for number in NUMBERS})
        self.courses.append(Course.of(incarnation(len(self.lives) - 1), PARTITIONS))

    def add_partitions(self) -> None:
        """From now on producers may put records there."""
        self.logs.update({number: [] for number in ADDED})

    @property
    def has_more(self) -> bool:
        return len(self.logs) > len(NUMBERS)

    @property
    def course(self) -> Course:
        """As it was last noted."""
        return self.courses[-1]

    def cut(self, number: int) -> None:
        """One more control record, maybe a second one: what the command wrote before it was killed stays."""
        self.append(number, events.encode(PartitionChange(event_id="cut", time=START, partitions=MORE)))

    def note(self) -> bool:
        """Note the first cuts, where every partition has one."""
        cuts = {n: next((raw.offset for raw in self.logs[n] if b'"partitions"' in raw.value), None) for n in NUMBERS}
        if None in cuts.values() or len(self.course.epochs) > 1:
            return False
        ends = [cuts.get(number) or 0 for number in range(PARTITIONS)]
        firsts = [1 + ends[number] if number in NUMBERS else 0 for number in range(PARTITIONS)] + [0] * PARTITIONS
        first = Epoch(self.incarnation, PARTITIONS, [0] * PARTITIONS, ends)
        self.courses[-1] = Course([first, Epoch(epoch_name(self.incarnation, MORE), MORE, firsts)])
        return True

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

    def publish(self, outgoing: Sequence[Outgoing], partitions: int = PARTITIONS) -> None:
        """Records by their keys."""
        for out in outgoing:
            if out.topic is EVENTS:
                self.append(partition_of(out.key, partitions), out.value)
            else:
                self.sent.append(out)


def incarnation(life: int) -> str:
    """The id of the topic in one of its lives."""
    return f"topic-{life + 1}"
