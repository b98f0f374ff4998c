"""The book: what must have come of each record, kept by a few plain rules and nothing of the learner's code.

It reads the topic as it lies in Kafka, so it knows each user's order, and what was sent twice or to the wrong place.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts import events
from contracts.errors import InvalidEvent
from contracts.events import (
    MAX_FORWARDS,
    Alias,
    ControlRecord,
    Erase,
    Impression,
    Interaction,
    ItemEvent,
    MoodEvent,
    UserEvent,
)
from contracts.kinds import UNWANTED
from contracts.moods import mood_of
from contracts.sharding import partition_of
from contracts.topics import EVENTS, ITEMS
from online.learn.counts import TAKEN, bucket_of
from online.store.state import FORWARDED, HISTORY, id_hash
from tests.faults.recorded import PARTITIONS, Sending, Way

Taken = Counter[tuple[int, str]]
"""(bucket, item) → how often it was taken in all, as the shared counts have it."""


class Found(NamedTuple):
    """What is wrong with the store, as seen from the book."""

    lost: Mapping[str, int]
    """Event id (or what is known of it) → how often it's missing."""
    doubled: Mapping[str, int]

    @property
    def nothing(self) -> bool:
        return not self.lost and not self.doubled


class Book:
    """Reads records in the order of each partition."""

    def __init__(self) -> None:
        self.histories: defaultdict[str, deque[int]] = defaultdict(_some)
        """User → hashes of the ids of their last events, oldest first."""
        self._gone: defaultdict[str, deque[int]] = defaultdict(_some)
        """User → hashes that are known though the history doesn't hold them, or not for long."""
        self.taken: Taken = Counter()
        self.refused: dict[str, bytes] = {}
        """Origin → the bytes that must be in the dead letters, once."""
        self.names: dict[int, str] = {}
        """Hash → event id, for people."""
        self.acknowledged: dict[int, Sending] = {}
        """Hash of the id → what was acknowledged to its sender."""
        self.ways: Counter[Way] = Counter()
        """How much was acknowledged of what was sent in each way."""
        self.duplicates = 0
        self.in_lake: set[tuple[int, int]] = set()
        """(partition, offset) of what the lake's readers must find."""
        self._applied: set[int] = set()
        self._of_users: set[tuple[str, int]] = set()
        """(user, hash) of what was applied, but for what an alias moved, perhaps back and forth."""
        self._again: Counter[int] = Counter()
        """Applied once more: no sender sends so late that an id is forgotten, so it came twice on its way."""
        self._passed_on: dict[str, str] = {}
        self._never: set[int] = set()
        """Rightly without an effect of their own."""
        self._at: dict[str, bytes] = {}
        """Origin → what was read there."""
        self._kept: dict[str, bytes] = {}
        """Origin → what was acknowledged to be there."""

    def acknowledge(self, sending: Sending, origin: str | None) -> None:
        """The sender was told that this is kept, and where; None: in Kinesis, and on its way to Kafka."""
        if origin is not None:
            self._kept[origin] = sending.value
        self.ways[sending.way] += 1
        if sending.event is not None:
            self.acknowledged[id_hash(sending.event.event_id)] = sending

    def refuse(self, origin: str, value: bytes) -> None:
        """What lies there, and not in Kafka, must be in the dead letters."""
        self.refused[origin] = value

    def read(self, partition: int, offset: int, value: bytes) -> None:
        """The next record of a partition of `events`."""
        origin = f"{EVENTS.name}/{partition}/{offset}"
        self._at[origin] = value
        try:
            self._read(partition, offset, value)
        except InvalidEvent:
            self.refused[origin] = value

    def read_item(self, partition: int, offset: int, value: bytes) -> None:
        """The next record of a partition of `items`."""
        self._at[f"{ITEMS.name}/{partition}/{offset}"] = value

    def _read(self, partition: int, offset: int, value: bytes) -> None:
        event = events.decode(value)
        if isinstance(event, ControlRecord):
            return
        name = id_hash(event.event_id)
        self.names[name] = event.event_id
        if isinstance(event, ItemEvent) or partition_of(event.key, PARTITIONS) != partition:
            return  # it must come again where it belongs
        self.in_lake.add((partition, offset))
        try:
            self._learn(event, name)
        except InvalidEvent:
            self._never.add(name)  # but as a dead letter
            raise

    def _learn(self, event: UserEvent, name: int) -> None:
        if isinstance(event, Impression):
            self._never.add(name)
            if event.user_id in self._passed_on:
                _refuse_circles(event)
        elif name in self.histories[event.user_id] or name in self._gone[event.user_id]:
            self.duplicates += 1
        elif isinstance(event, Interaction | MoodEvent):
            self._take(event, name)
        else:
            self._never.add(name)
            self._end(event, name)

    def _take(self, event: Interaction | MoodEvent, name: int) -> None:
        if event.user_id in self._passed_on:
            _refuse_circles(event)
        elif isinstance(event, MoodEvent) and mood_of(event.mood) is None:
            raise InvalidEvent("no mood")
        else:
            self.histories[event.user_id].append(name)
            moved = event.event_id.startswith(FORWARDED)
            if moved:
                self._gone[event.user_id].append(name)
            elif (event.user_id, name) in self._of_users:
                self._again[name] += 1
            self._of_users.add((event.user_id, name))
            self._applied.add(name)
            if isinstance(event, Interaction) and event.kind not in UNWANTED and not moved:
                self.taken[bucket_of(TAKEN, event.time), event.item_id] += 1

    def _end(self, event: Alias | Erase, name: int) -> None:
        if isinstance(event, Alias) and event.known_as == event.user_id:
            raise InvalidEvent("to itself")
        self._gone[event.user_id].extend([*self.histories[event.user_id], name])
        self.histories[event.user_id].clear()
        if isinstance(event, Alias):
            self._passed_on[event.user_id] = event.known_as
        else:
            self._passed_on.pop(event.user_id, None)

    def unaccounted(self) -> Counter[str]:
        """What was acknowledged and isn't in the topic where it was said to be, or nowhere where it's learned."""
        events_ = {name: sending.event for name, sending in self.acknowledged.items() if sending.event}
        nowhere = set(events_) - self._applied - self._never
        gone = Counter({f"{events_[n].event_id}": 1 for n in nowhere if not isinstance(events_[n], ItemEvent)})
        gone.update({f"what lay at {o}": 1 for o, value in self._kept.items() if self._at.get(o) != value})
        return gone

    def against(
        self, histories: Mapping[str, Sequence[int]], taken: Mapping[tuple[int, str], int], letters: Iterable[str]
    ) -> Found:
        """These users' histories, all that was counted, and the dead letters' origins, held against the book."""
        lost = self.unaccounted()
        doubled = Counter({f"{self._name(name)} in the log": n for name, n in self._again.items()})
        for user, there in histories.items():
            is_there, must = Counter(there), Counter(self.histories[user])
            lost.update({f"{self._name(name)} of {user}": n for name, n in (must - is_there).items()})
            doubled.update({f"{self._name(name)} of {user}": n for name, n in (is_there - must).items()})
            if is_there == must and list(there) != list(self.histories[user]):
                lost[f"the order of {user}'s events"] += 1
        is_taken = Counter(taken)
        lost.update({f"count of {item}": n for (_, item), n in (self.taken - is_taken).items()})
        doubled.update({f"count of {item}": n for (_, item), n in (is_taken - self.taken).items()})
        aside = Counter(set(letters))
        lost.update({f"dead letter {origin}": 1 for origin in set(self.refused) - set(aside)})
        doubled.update({f"dead letter {origin}": 1 for origin in set(aside) - set(self.refused)})
        return Found(lost, doubled)

    def way_of(self, found: str) -> Way:
        """How the event that this finding is about was sent."""
        name = id_hash(found.split(" ")[0])
        return self.acknowledged[name].way if name in self.acknowledged else "plain"

    def _name(self, name: int) -> str:
        return self.names.get(name, f"#{name:016x}")


def _some() -> deque[int]:
    return deque(maxlen=HISTORY)


def _refuse_circles(event: Interaction | MoodEvent | Impression) -> None:
    if event.forwards >= MAX_FORWARDS:
        raise InvalidEvent("in a circle")


def origin_of(record: Any) -> str:
    """Where a record lies in `events`, as dead letters name it."""
    return f"events/{record.partition}/{record.offset}"
