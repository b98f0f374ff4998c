"""Serving whose store is synchronised with the stream's now and then, as where a model is copied to its servers."""

from collections import defaultdict
from copy import deepcopy

import msgspec

from batch.evaluate.placed import in_answer
from batch.evaluate.split import Step
from batch.evaluate.systems import Answers, asked
from batch.plan import Repeats
from batch.replay import Replay, UserEvent
from contracts.events import Interaction
from model.bundle import Bundle
from online.store.memory import MemoryStore


class Synchronised:
    """Every event is learned; answers are from what was known when the log's time last passed a full interval."""

    def __init__(self, name: str, learning: Replay, learned: MemoryStore, repeats: Repeats, interval_ms: int) -> None:
        """`learned` is the store that `learning` writes to."""
        self._name = name
        self._learning = learning
        self._learned = learned
        self._repeats = repeats
        self._interval_ms = interval_ms
        self._interval = -1
        """The number of the interval that the answers are from the beginning of."""
        self._store: MemoryStore
        self._answering: Replay
        self._had: defaultdict[str, list[str]] = defaultdict(list)
        """Since then, by user: whoever asks knows it, so it can't be recommended."""

    async def answer_with(self, bundle: Bundle) -> None:
        """From here on by this bundle, and from all that is known now."""
        self._store = MemoryStore()
        self._answering = await Replay.on(bundle, self._store)
        self._synchronise()

    async def answers(self, event: Interaction, step: Step) -> Answers:
        """What would be served."""
        self._look_at_clock(event.time)
        ask = asked(event, step, self._repeats)
        if self._repeats == "never":
            ask = msgspec.structs.replace(ask, exclude=self._had[event.user_id])
        return {self._name: in_answer(await self._answering.ask(ask, event.time), event.item_id)}

    async def learn(self, event: UserEvent) -> None:
        """As the stream does, where no answer sees it yet."""
        self._look_at_clock(event.time)
        await self._learning.learn([event])
        if isinstance(event, Interaction):
            self._had[event.user_id].append(event.item_id)

    def _look_at_clock(self, now: int) -> None:
        if now // self._interval_ms != self._interval:
            self._interval = now // self._interval_ms
            self._synchronise()

    def _synchronise(self) -> None:
        take_over(self._store, self._learned)
        self._had.clear()


def take_over(store: MemoryStore, other: MemoryStore) -> None:
    """Make `store` hold what `other` does now; a counter that hasn't moved since the last time is left alone."""
    store._shards = dict(other._shards)
    store._users = defaultdict(dict, {shard: dict(users) for shard, users in other._users.items()})
    store._buckets = defaultdict(list, {family: list(buckets) for family, buckets in other._buckets.items()})
    store._calibrators = dict(other._calibrators)
    for counter, counts in other._counts.items():
        if store._versions.get(counter) != other._versions[counter]:
            store._counts[counter] = deepcopy(counts)
    store._versions = dict(other._versions)
