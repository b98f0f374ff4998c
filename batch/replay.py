"""A log replayed in memory through the very code that stream and serving run, with the events' times as the clock."""

import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Final, NamedTuple, TypeGuard, TypeVar

from contracts import events
from contracts.events import BundleChange, Impression, Interaction, MoodEvent
from contracts.kinds import UNWANTED
from contracts.rollout import Rollout
from contracts.topics import EVENTS
from model.bundle import Bundle
from online.answer.answered import Recommendations
from online.answer.asked import Ask
from online.answer.considered import Considered
from online.answer.lag import Stream
from online.answer.library import Library
from online.answer.recommend import Recommender
from online.answer.view import Viewer
from online.learn.bundles import Bundles
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Outgoing, Raw
from online.store.memory import MemoryStore
from online.store.protocol import Store

UserEvent = Interaction | MoodEvent
Logged = UserEvent | Impression
"""What a user's log may hold: what they did, and what they were shown."""
T = TypeVar("T")
MICRO_BATCH: Final = 500
"""Events that the learner gets at once where nothing is asked between them."""
_PARTITIONS: Final = 1
_INCARNATION: Final = "replay"
_PATIENT_S: Final = 60.0
"""No answer is given up for being slow: it would depend on the machine."""


class Head(NamedTuple):
    """What a replay has come to, to go on from more than once."""

    store: Store
    offset: int
    learned: int


class Replay:
    """One log and one catalogue, from an empty store; nothing is known of an event before it is learned."""

    def __init__(self, store: Store, enricher: Enricher | None = None) -> None:
        self.learned = 0
        """Events so far."""
        self.store = store
        self._now = 0
        self._offset = 0
        self._shelf = _Shelf()
        enricher = enricher or Enricher()
        self.learner = Learner(store, Bundles(self._shelf), enricher, _nowhere, _PARTITIONS, self._clock)
        self.library = Library(self._shelf, store)
        self.recommender = Recommender(
            store,
            self.library,
            Viewer(store, self.library, enricher, _PARTITIONS),
            Stream(store, self._clock),
            enricher,
            _unrecorded,
            self._clock,
            _PATIENT_S,
            stale_ms=0,
        )

    @classmethod
    async def on(cls, bundle: Bundle, store: Store | None = None, enricher: Enricher | None = None) -> "Replay":
        """A replay whose users are all on this bundle, in an empty store or, to go on, in one that it has filled."""
        replay = cls(store or MemoryStore(), enricher)
        replay._shelf.add(bundle)
        await replay.learner.assign(0, _INCARNATION)
        await replay.publish(bundle)
        return replay

    @classmethod
    async def behind(cls, head: Head, bundle: Bundle) -> "Replay":
        """A replay that goes on from there, on the same bundle, as a worker goes on that was started again."""
        replay = cls(deepcopy(head.store))
        replay.learned, replay._offset = head.learned, head.offset
        replay._shelf.add(bundle)
        await replay.learner.assign(0, _INCARNATION)
        await replay.library.refresh()
        return replay

    def head(self) -> Head:
        """Where it stands now."""
        return Head(deepcopy(self.store), self._offset, self.learned)

    async def publish(self, bundle: Bundle) -> None:
        """From here on all users are on this bundle, by a control record as the log has it."""
        self._shelf.add(bundle)
        change = BundleChange(event_id=f"bundle-{self._offset}", time=self._now, rollout=Rollout(bundle.version))
        await self.learner.learn(0, [self._record(change)])
        await self.library.refresh()

    async def learn(self, log: Sequence[Logged], tell: Callable[[int], None] = lambda learned: None) -> None:
        """Take in these events in their order, each arriving at its own time; `tell` hears how many more they are."""
        await self._take(log, self._record, tell)

    async def take(self, records: Sequence[Raw]) -> None:
        """Take in these records of any topic and partition in their order, as a topic of one partition has them."""
        await self._take(records, lambda raw: self._numbered(raw.time, raw.value))

    def pass_over(self, records: int) -> None:
        """The next so many records are in the store already."""
        self._offset += records
        self.learned += records

    async def ask(self, ask: Ask, now: int) -> Recommendations:
        """The answer at `now` (UTC ms) to a request, from what was learned so far."""
        self._now = now
        return await self.recommender.recommend(ask)

    async def consider(self, ask: Ask, now: int) -> Considered:
        """What would be ranked for a request at `now` (UTC ms), with its features."""
        self._now = now
        return await self.recommender.considered(ask)

    async def both(self, ask: Ask, now: int) -> tuple[Recommendations, Considered]:
        """The answer at `now` (UTC ms), and what it was chosen from."""
        self._now = now
        return await self.recommender.both(ask)

    async def _take(
        self, log: Sequence[T], record: Callable[[T], Raw], tell: Callable[[int], None] = lambda learned: None
    ) -> None:
        for start in range(0, len(log), MICRO_BATCH):
            part = log[start : start + MICRO_BATCH]
            await self.learner.learn(0, [record(one) for one in part])
            self.learned += len(part)
            tell(len(part))

    def _record(self, event: Logged | BundleChange) -> Raw:
        return self._numbered(event.time, events.encode(event))

    def _numbered(self, time: int, value: bytes) -> Raw:
        self._now = time
        raw = Raw(EVENTS, 0, self._offset, time, value)
        self._offset += 1
        return raw

    def _clock(self) -> int:
        return self._now


def in_order(log: Sequence[UserEvent], seed: int) -> list[UserEvent]:
    """By time, equal times shuffled: files keep them in an order (the catalogue's) that tells what comes next."""
    rng = random.Random(seed)  # noqa: S311 (no secret)
    return sorted(log, key=lambda event: (event.time, rng.random()))


def is_target(event: Logged) -> TypeGuard[Interaction]:
    """Whether the event is one that a recommendation should have foretold."""
    return isinstance(event, Interaction) and event.kind not in UNWANTED


def ask_of(event: Interaction, n: int = 10, exclude: Sequence[str] = (), repeat: bool = False) -> Ask:
    """The request that its user would have sent just before: in the same context, since it was there already."""
    return Ask(user_id=event.user_id, n=n, context=event.context, exclude=list(exclude), repeat=repeat)


class _Shelf(dict[str, Bundle]):
    """Bundles by version in memory, the last one added is current."""

    def add(self, bundle: Bundle) -> None:
        self[bundle.version] = bundle

    def current(self) -> str | None:
        return next(reversed(self), None)

    def previous(self) -> str | None:
        return None

    def load(self, version: str) -> Bundle:
        return self[version]


async def _nowhere(outgoing: Sequence[Outgoing]) -> None:
    """What learning sends to other topics changes nothing here."""


def _unrecorded(impression: Impression) -> None:
    """Impressions of a replay never happened."""
