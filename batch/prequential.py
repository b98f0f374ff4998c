"""Prequential quality of bundles: a log is replayed in memory, and each event foretold before it is learned.

A. P. Dawid, 1984, "Present position and potential developments: some personal views: statistical theory: the
prequential approach".
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.evaluate.placed import SERVED, in_answer
from batch.evaluate.protocol import MOST_OF_A_USER
from batch.evaluate.targets import Targets
from batch.plan import Repeats
from batch.replay import MICRO_BATCH, Logged, Replay, ask_of
from batch.snips import explores
from contracts import events
from contracts.errors import InvalidEvent, StoreUnavailable
from contracts.events import Impression, Interaction, MoodEvent
from contracts.topics import EVENTS
from model.bundle import Bundle
from online.answer.answered import Recommendations
from online.answer.asked import Ask
from online.learn.outgoing import Raw
from online.store.recent import RecentIds

_MOST: Final = 100
"""Items that one request may ask for."""
_STORE: Final = "store:"
"""How an answer says that it was made without Redis."""


@dataclass(frozen=True)
class Foretold:
    """What one bundle foretold of a log: columns (n,) over the scored events, in the log's order."""

    bundle: str
    places: NDArray[np.int64]
    """Of the events in the log, from 0."""
    times: NDArray[np.int64]
    """When they arrived, UTC ms."""
    users: NDArray[np.object_]
    ranks: NDArray[np.int64]
    """From 0; `MISS` where the item wasn't served."""

    @classmethod
    def of(cls, bundle: str, scored: Iterable["Scored"]) -> "Foretold":
        """The columns of these."""
        listed = list(scored)
        return cls(
            bundle,
            np.array([one.place for one in listed], np.int64),
            np.array([one.time for one in listed], np.int64),
            np.array([one.user_id for one in listed], np.object_),
            np.array([one.rank for one in listed], np.int64),
        )

    def only(self, mask: NDArray[np.bool_]) -> "Foretold":
        """Of those scored events (n,) that the mask names: a segment, a day."""
        return Foretold(self.bundle, self.places[mask], self.times[mask], self.users[mask], self.ranks[mask])


class Scored(NamedTuple):
    """One event that was foretold."""

    place: int
    """In the log, from 0."""
    time: int
    """When it arrived, UTC ms."""
    user_id: str
    rank: int
    """From 0; `MISS` where the item wasn't served."""


class Agreed(NamedTuple):
    """One page that was shown while the live system explored."""

    place: int
    """In the log, from 0."""
    items: list[bool]
    """Whether the bundle would have shown each item of the page where it stood."""


class Known(NamedTuple):
    """What was found out before a replay was stopped: so many targets and pages were asked about."""

    targets: int = 0
    pages: int = 0


class Along:
    """One bundle on its way along a log: asked before each target, learning all else in micro-batches."""

    def __init__(self, replay: Replay, targets: Targets, known: Known | None = None) -> None:
        """Without `known` it begins here; with it, pages that explored are asked about as well as targets."""
        self.place = 0
        """Records so far."""
        self.refused = 0
        """Those of them that are no events."""
        self.asking_s = 0.0
        """Seconds that went into answers."""
        self.replay = replay
        self._targets = targets
        self._known = known or Known()
        self._asks_pages = known is not None
        self._wanted = self._pages = 0
        self._pending: list[Raw] = []
        self._ids: defaultdict[str, RecentIds] = defaultdict(RecentIds)

    async def step(self, raw: Raw, *, scored: bool = True) -> Scored | Agreed | None:
        """Go on by this record; what was foretold of it, where it was to be asked about and wasn't before."""
        event = self._enter(raw)
        found: Scored | Agreed | None = None
        if self._wants(event, scored) and self._wanted > self._known.targets:
            await self.learn()
            found = Scored(self.place, raw.time, event.user_id, await self._rank(event, raw.time))
        elif self._wants_page(event, scored) and self._pages > self._known.pages:
            await self.learn()
            found = Agreed(self.place, await self._agrees(event))
        self._leave(event)
        self._pending.append(raw)
        if len(self._pending) >= MICRO_BATCH:
            await self.learn()
        return found

    def pass_over(self, raw: Raw, *, scored: bool = True) -> None:
        """Go on by a record that was learned before the replay was stopped."""
        event = self._enter(raw)
        self._wants(event, scored)
        self._wants_page(event, scored)
        self._leave(event)

    async def learn(self) -> None:
        """Have everything learned that was met."""
        if self._pending:
            await self.replay.take(self._pending)
            self._pending = []

    def _enter(self, raw: Raw) -> Logged | None:
        """What the record says, if it may be asked about: no second sending, nothing that an alias moved."""
        try:
            event = events.decode(raw.value)
        except InvalidEvent:
            self.refused += 1
            return None
        if not isinstance(event, Interaction | MoodEvent | Impression) or event.forwards:
            return None
        if isinstance(event, Impression):
            return event
        ids = self._ids[event.user_id]
        if event.event_id in ids:
            return None
        ids.enter(event.event_id)
        return event

    def _wants(self, event: Logged | None, scored: bool) -> TypeGuard[Interaction]:
        wanted = event is not None and scored and self._targets.wants(event)
        self._wanted += wanted
        return wanted

    def _wants_page(self, event: Logged | None, scored: bool) -> TypeGuard[Impression]:
        wanted = self._asks_pages and isinstance(event, Impression) and scored and explores(event)
        self._pages += wanted
        return wanted

    def _leave(self, event: Logged | None) -> None:
        if event is not None:
            self._targets.enter(event)
        self.place += 1

    async def _rank(self, event: Interaction, now: int) -> int:
        targets = self._targets
        previous = targets.previous.get(event.user_id)
        exclude = [previous] if targets.repeats == "collapsed" and previous else []
        ask = ask_of(event, SERVED, exclude, repeat=targets.repeats != "never")
        return in_answer(await self._answer(ask, now), event.item_id).rank

    async def _agrees(self, event: Impression) -> list[bool]:
        """Of a plain request at the moment that the page was made for: what it filtered isn't known."""
        n = min(_MOST, max(one.position for one in event.shown) + 1)
        ask = Ask(user_id=event.user_id, n=n, repeat=self._targets.repeats != "never")
        answer = [item.item_id for item in (await self._answer(ask, event.time)).items]
        return [answer[one.position : one.position + 1] == [one.item_id] for one in event.shown]

    async def _answer(self, ask: Ask, now: int) -> Recommendations:
        began = time.perf_counter()
        answer = await self.replay.ask(ask, now)
        self.asking_s += time.perf_counter() - began
        if said := [reason for reason in answer.degraded if reason.startswith(_STORE)]:
            raise StoreUnavailable(f"a replay's answers need the store ({said[0]}): run it again, it goes on from here")
        return answer


async def foretold(
    bundle: Bundle,
    before: Iterable[Raw],
    log: Iterable[Raw],
    *,
    repeats: Repeats = "never",
    most_of_a_user: int = MOST_OF_A_USER,
    every: int = 1,
    tell: Callable[[int], None] = lambda records: None,
) -> Foretold:
    """Replay both parts of a log in memory; of the second one, each so many-th target is foretold.

    `records_of` makes a log of events. What can't be decoded goes where the stream would send it, and is no target.
    Places are those in the second part. `tell` hears how many more records were met.
    """
    scored: list[Scored] = []
    with threadpool_limits(1):
        along = Along(await Replay.on(bundle), Targets(repeats, most_of_a_user, every))
        for raw in before:
            await along.step(raw, scored=False)
            tell(1)
        start = along.place
        for raw in log:
            if isinstance(one := await along.step(raw), Scored):
                scored.append(one._replace(place=one.place - start))
            tell(1)
        await along.learn()
    return Foretold.of(bundle.version, scored)


def records_of(log: Iterable[Logged]) -> Iterator[Raw]:
    """Events as the topic would have them, each arriving at its own time."""
    for place, event in enumerate(log):
        yield Raw(EVENTS, 0, place, event.time, events.encode(event))
