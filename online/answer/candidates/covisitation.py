"""Candidates by co-visitation: what others took beside the items that the user took last."""

from online.answer.candidates.source import breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Covisitation:
    """The counters of `online.learn.counts.COVISITATION`, each against how often its item is taken anyway."""

    name = "covisitation"

    def find(self, scene: Scene) -> Rows:
        """By the decayed sum of cosines."""
        alike = scene.tallies.alike
        return strongest(scene, alike, breadth(scene), alike > 0)
