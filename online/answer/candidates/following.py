"""Candidates by succession: what others took next after the user's last item."""

from online.answer.candidates.source import breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Following:
    """The counters of `online.learn.counts.FOLLOWING`."""

    name = "following"

    def find(self, scene: Scene) -> Rows:
        """By decayed counts."""
        following = scene.tallies.following
        return strongest(scene, following, breadth(scene), following > 0)
