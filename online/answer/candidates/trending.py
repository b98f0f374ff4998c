"""Candidates that are trending everywhere: over weeks, and of late."""

from online.answer.candidates.source import breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Trending:
    """What users take in these weeks."""

    name = "trending"

    def find(self, scene: Scene) -> Rows:
        """By decayed counts."""
        week = scene.tallies.week
        return strongest(scene, week, breadth(scene), week > 0)


class Rising:
    """What users take today and in these hours."""

    name = "rising"

    def find(self, scene: Scene) -> Rows:
        """By the decayed counts of days and hours together."""
        rising = scene.tallies.today + scene.tallies.now
        return strongest(scene, rising, breadth(scene), rising > 0)
