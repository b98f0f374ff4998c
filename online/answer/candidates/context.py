"""Candidates that are trending in the request's context: its mood, its place, its device."""

import asyncio

from online.answer.candidates.source import Found, strongest
from online.answer.scene import Scene
from online.answer.trends import Trends


class InContext:
    """What users take of late who feel so, are there, or hold such a device."""

    name = "context"

    def __init__(self, trends: Trends) -> None:
        self._trends = trends

    async def find(self, scene: Scene) -> Found:
        """Item → decayed count, summed over what is known of the context."""
        read = await asyncio.gather(*(self._trends.of(name, scene.deadline) for name in scene.contexts))
        if len(read) == 1:
            return read[0]
        found: dict[str, float] = {}
        for counts in read:
            for item_id, times in counts.items():
                found[item_id] = found.get(item_id, 0.0) + times
        return strongest(found)
