"""A replay in which users go on and nothing else does: the shared counts stay as they were."""

from collections.abc import Sequence

from batch.replay import Replay
from online.store.memory import MemoryStore
from online.store.protocol import CountWrite


class HeldCounts(MemoryStore):
    """The same store, whose counts take in nothing more; their watermarks go on, so that nothing is taken in twice."""

    def __init__(self, store: MemoryStore) -> None:
        self.__dict__ = store.__dict__

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        """Move the watermarks only."""
        await super().add_counts([write._replace(increments={}) for write in writes])


def hold_counts(replay: Replay) -> None:
    """From here on the replay learns of each user, and nothing of what users have in common."""
    store = replay.learner._store
    if not isinstance(store, MemoryStore):
        raise TypeError("a replay runs in memory")
    replay.learner._store = HeldCounts(store)
