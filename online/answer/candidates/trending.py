"""Candidates that are trending everywhere."""

from online.answer.candidates.source import Found
from online.answer.scene import Scene
from online.answer.trends import Trends
from online.learn.counts import EVERYWHERE


class Trending:
    """What users take of late."""

    name = "trending"

    def __init__(self, trends: Trends) -> None:
        self._trends = trends

    async def find(self, scene: Scene) -> Found:
        """Item → decayed count."""
        return await self._trends.of(EVERYWHERE, scene.deadline)
