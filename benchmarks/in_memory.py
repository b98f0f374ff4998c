"""The learner on a store in memory: what is left is the work of learning, and the records that it writes."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from contracts import events
from contracts.events import BundleChange, UserEvent
from contracts.rollout import Rollout
from contracts.topics import EVENTS
from model.bundle import Bundle
from online.learn.bundles import Bundles
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Outgoing, Raw
from online.store.memory import MemoryStore
from online.store.protocol import UserRecord
from tests.fakes.shelf import MemoryShelf

AT_ONCE: Final = 500
"""As the worker takes them in under load."""


class InMemory:
    """One partition, its learner, and the end of its log."""

    def __init__(self, bundle: Bundle) -> None:
        self.store = MemoryStore()
        self._version = bundle.version
        self.learner = Learner(self.store, Bundles(MemoryShelf(bundle)), Enricher(), _nowhere, 1, lambda: 0)
        self._end = 0

    async def begin(self) -> "InMemory":
        """Own the partition, with the bundle in force."""
        await self.learner.assign(0, "topic")
        change = BundleChange(event_id="bundle", time=0, rollout=Rollout(self._version))
        await self.learn(self.placed([change]))
        return self

    def placed(self, log: Sequence[events.Record]) -> list[Raw]:
        """As they come next in the log: bytes, to be decoded by the learner."""
        start, self._end = self._end, self._end + len(log)
        return [Raw(EVENTS, 0, at, event.time, events.encode(event)) for at, event in enumerate(log, start)]

    async def learn(self, raws: Sequence[Raw]) -> None:
        """Some hundred at a time."""
        left = iter(raws)
        while some := list(islice(left, AT_ONCE)):
            await self.learner.learn(0, some)

    async def record(self, user_id: str) -> UserRecord:
        """What the store has of a user who has had an event."""
        _, record = await self.store.user(user_id)
        if record is None:
            raise KeyError(user_id)
        return record


def users_of(log: Sequence[UserEvent]) -> list[str]:
    """Each user once, in order of appearance."""
    return list(dict.fromkeys(event.user_id for event in log))


async def _nowhere(outgoing: Sequence[Outgoing]) -> None:
    return
