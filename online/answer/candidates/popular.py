"""Candidates that everybody likes, as the bundle knew it: what is left when nothing else is known."""

from model.index import FIRST
from online.answer.candidates.source import NOTHING, breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Popular:
    """The bundle's most popular items."""

    name = "popularity"

    def find(self, scene: Scene) -> Rows:
        """By log1p of their decayed counts."""
        if scene.catalogue.bundle is None:
            return NOTHING
        rows = scene.placed.rows
        return strongest(scene, scene.catalogue.popularity[rows], breadth(scene), rows >= FIRST)
