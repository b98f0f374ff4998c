"""Candidates by co-visitation: what others took beside the items that the user liked last."""

from collections.abc import Sequence
from typing import Final

from contracts.sharding import item_shard
from online.answer.candidates.source import Found, strongest
from online.answer.deadline import Deadline
from online.answer.scene import Scene
from online.learn.counts import COVISITATION, READ_BUCKETS, decay
from online.store.protocol import Counter, Store

_MEMBERS: Final = 50


class Covisitation:
    """The counters of `online.learn.counts.COVISITATION`, read anew for every answer."""

    name = "covisitation"

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, scene: Scene) -> Found:
        """Item → decayed count over the recent items."""
        return await covisited(self._store, scene.recent, scene.deadline) if scene.recent else {}


async def covisited(store: Store, items: Sequence[tuple[str, float]], deadline: Deadline) -> Found:
    """What was taken beside these (item, what it counts): item → decayed count; raises `StoreUnavailable`."""
    buckets = await deadline.read(store.buckets(COVISITATION, READ_BUCKETS[COVISITATION]))
    asked = [
        (Counter(item_shard(item_id), COVISITATION, bucket, item_id), counts * decay(COVISITATION, bucket, buckets[0]))
        for item_id, counts in items
        for bucket in buckets
    ]
    found: dict[str, float] = {}
    answers = await deadline.read(store.top_counts([counter for counter, _ in asked], _MEMBERS))
    for (_, worth), members in zip(asked, answers, strict=True):
        for item_id, times in members:
            found[item_id] = found.get(item_id, 0.0) + worth * times
    return strongest(found)
