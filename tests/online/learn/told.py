"""A learner that is told a log, and what it made of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from contracts import events
from contracts.dead_letter import DeadLetter
from contracts.events import Interaction
from contracts.topics import DEAD_LETTER, EVENTS
from online.learn.learner import Learner
from online.store.memory import MemoryStore
from online.store.state import Entry, UserState
from tests.online.learn.logs import START, TOPIC_ID, Box, learner_of, records


def like(user: str, item: str, name: str, time: int = START) -> Interaction:
    return Interaction(event_id=name, time=time, user_id=user, item_id=item, kind="like")


class Told:
    """A store and an outbox after a log was learned in one go, or in given pieces."""

    def __init__(self, make: Callable[[MemoryStore, Box], Learner] | None = None) -> None:
        self.store = MemoryStore()
        self.box = Box()
        self.learner = make(self.store, self.box) if make else learner_of(self.store, self.box)
        self._next = 0
        run(self.learner.assign(0, TOPIC_ID))

    def learn(self, *log: events.Record | bytes, first_at: int | None = None) -> "Told":
        """These records follow, as `records` has them arrive; or the first of them at `first_at` (UTC ms)."""
        raws = records(log, self._next)
        if first_at is not None:
            raws = [raw._replace(time=raw.time - raws[0].time + first_at) for raw in raws]
        self._next += len(raws)
        run(self.learner.learn(0, raws))
        return self

    def user(self, user_id: str) -> tuple[UserState, list[Entry]]:
        record = run(self.store.user(user_id))[1]
        assert record is not None
        state, history, _ = record.unpack()
        return state, history

    def items(self, user_id: str) -> list[str]:
        return [entry.item for entry in self.user(user_id)[1]]

    def letters(self) -> list[DeadLetter]:
        return [msgspec.json.decode(out.value, type=DeadLetter) for out in self.box if out.topic is DEAD_LETTER]

    def republished(self) -> list[events.Record]:
        return [events.decode(out.value) for out in self.box if out.topic is EVENTS]

    def taken(self) -> int:
        """How often any item was taken, by the trending counts."""
        counts: Any = run(self.store.dump())["counts"]
        return sum(sum(members.values()) for name, members in counts.items() if "/t/" in name and name.endswith("/*"))


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)
