"""A store for replays in which, from some moment on, users go on and nothing else does."""

from collections.abc import Sequence

from online.store.memory import MemoryStore
from online.store.protocol import CountWrite


class HeldCounts(MemoryStore):
    """Once `held`, its counts take in nothing more; their watermarks go on, so that nothing is taken in twice."""

    held = False

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        """Add, or move the watermarks only."""
        await super().add_counts([write._replace(increments={}) for write in writes] if self.held else writes)
