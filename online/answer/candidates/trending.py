"""Candidates that are trending everywhere: over weeks, and of late."""

from online.answer.candidates.source import breadth, first
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Trending:
    """What users take in these weeks."""

    name = "trending"

    def find(self, scene: Scene) -> Rows:
        """By decayed counts."""
        return first(scene, scene.tallies.usual.trending, breadth(scene))


class Rising:
    """What users take today and in these hours."""

    name = "rising"

    def find(self, scene: Scene) -> Rows:
        """By the decayed counts of days and hours together."""
        return first(scene, scene.tallies.usual.rising, breadth(scene))
