"""A small world for the tests of answers: a store, a learner that fills it, a library, and a clock of its own."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from typing import Any, Final

from contracts import events
from contracts.errors import StoreUnavailable
from contracts.events import BundleChange, Impression, Interaction, ItemEvent, MoodEvent, Record
from contracts.kinds import Kind
from contracts.rollout import Rollout
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from model.bundle import Bundle
from online.answer.answered import Recommendations, Recommended
from online.answer.asked import Ask
from online.answer.lag import Stream
from online.answer.library import Library
from online.answer.profile import Profiler
from online.answer.recommend import Recommender
from online.answer.similar import Similar
from online.answer.token import Sent, issue
from online.answer.users import Users
from online.answer.view import Viewer
from online.learn.bundles import Bundles
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Outgoing, Raw
from online.store.memory import MemoryStore
from online.store.protocol import Heartbeat, Store, Watermark
from tests.fakes.shelf import MemoryShelf

PARTITIONS: Final = 2
START: Final = 1_700_000_000_000
TOPIC_ID: Final = "topic-1"


class World:
    """`learn` is the stream, `ask` is the API."""

    def __init__(self, *bundles: Bundle, store: Store | None = None, timeout_s: float = 5.0) -> None:
        self.now = START
        self.memory = MemoryStore()
        self.shelf = MemoryShelf(*bundles)
        self.impressions: list[Impression] = []
        self.enricher = Enricher()
        read = store or self.memory
        self.library = Library(self.shelf, read)
        self.stream = Stream(read, self.clock)
        viewer = Viewer(read, self.library, self.enricher, PARTITIONS)
        self.recommender = Recommender(
            read, self.library, viewer, self.stream, self.enricher, self.impressions.append, self.clock, timeout_s
        )
        self.similar = Similar(read, self.library, self.stream, self.clock, timeout_s)
        self.profiler = Profiler(Users(viewer, self.library, self.stream, self.clock, timeout_s))
        self._learner = Learner(self.memory, Bundles(self.shelf), self.enricher, _nowhere, PARTITIONS, self.clock)
        self._logs: defaultdict[int, list[Raw]] = defaultdict(list)
        self._items = 0

    def clock(self) -> int:
        return self.now

    async def begin(self) -> "World":
        """The stream owns its partitions, lives, and its users are on the shelf's current bundle, if there is one."""
        for partition in range(PARTITIONS):
            await self._learner.assign(partition, TOPIC_ID)
        if version := self.shelf.current():
            await self.change_bundle(version)
        await self.beat()
        await self.library.refresh()
        while any(reason.endswith("is being loaded") for reason in self.library.reasons()):
            await self.library.refresh()  # a large bundle may take longer than it waits
        return self

    async def beat(self, behind: int = 0) -> None:
        """Every partition's worker says that it lives."""
        for partition in range(PARTITIONS):
            end = len(self._logs[partition])
            await self.memory.beat(Heartbeat(partition, end - behind, end, self.now))

    async def change_bundle(self, version: str) -> None:
        """A control record in every partition: all users are on this."""
        await self.put_users_on(Rollout(version))

    async def put_users_on(self, rollout: Rollout) -> None:
        """The same for a canary."""
        for partition in range(PARTITIONS):
            change = BundleChange(event_id=f"b-{rollout.canary or rollout.bundle}", time=self.now, rollout=rollout)
            await self._take_in(partition, change)

    async def learn(self, *log: Any) -> list[Sent]:
        """The stream takes in these events, a second apart; returns where they came to lie."""
        return [await self._take_in(partition_of(event.user_id, PARTITIONS), event) for event in log]

    def sent(self, *log: Any) -> list[Sent]:
        """Events that lie in Kafka, but that the stream hasn't taken in."""
        return [self._place(partition_of(event.user_id, PARTITIONS), event)[0] for event in log]

    def token(self, user_id: str, sent: Sequence[Sent]) -> str:
        """What the API gives for them."""
        return issue(user_id, sent, self.enricher)

    async def put_items(self, *items: ItemEvent) -> None:
        """The catalogue changes, and the API sees it."""
        self._items += 1
        before = await self.memory.items_watermark(0)
        changes = {item.item_id: events.encode(item) for item in items}
        await self.memory.put_items(0, before, Watermark(TOPIC_ID, self._items), changes)
        await self.library.refresh()

    async def ask(self, user_id: str = "me", **asked: Any) -> Recommendations:
        """The answer to a request."""
        return await self.recommender.recommend(Ask(user_id=user_id, **asked))

    async def found(self, user_id: str = "me", **asked: Any) -> dict[str, Recommended]:
        """All items that a request brings, over its pages."""
        pages = [await self.ask(user_id, n=100, page=page, **asked) for page in (1, 2, 3)]
        return {item.item_id: item for page in pages for item in page.items}

    async def _take_in(self, partition: int, event: Record) -> Sent:
        sent, raw = self._place(partition, event)
        await self._learner.learn(partition, [raw])
        return sent

    def _place(self, partition: int, event: Any) -> tuple[Sent, Raw]:
        self.now += 1000
        log = self._logs[partition]
        log.append(Raw(EVENTS, partition, len(log), self.now, events.encode(event)))
        return Sent(partition, len(log) - 1, self.now, event), log[-1]


class AwayStore:
    """A store that never answers."""

    def __getattr__(self, name: str) -> Any:
        async def refuse(*_: object) -> None:
            raise StoreUnavailable("Redis does not answer")

        return refuse


def in_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test that is a coroutine, run to its end."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


_numbers = iter(range(1_000_000))


def took(user_id: str, item_id: str, kind: Kind = "like", time: int = START) -> Interaction:
    """A user did something with an item."""
    return Interaction(event_id=f"e{next(_numbers)}", time=time, user_id=user_id, item_id=item_id, kind=kind)


def felt(user_id: str, mood: str, time: int = START) -> MoodEvent:
    """A user said how they feel."""
    return MoodEvent(event_id=f"e{next(_numbers)}", time=time, user_id=user_id, mood=mood)


def ids(answer: Recommendations) -> list[str]:
    """The items' ids in order."""
    return [item.item_id for item in answer.items]


async def _nowhere(outgoing: Sequence[Outgoing]) -> None:
    return
