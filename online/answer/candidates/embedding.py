"""Candidates by the user's embedding: a search over all items, exact up to 50,000, else by the bundle's index."""

from model.index import FIRST
from online.answer.candidates.source import NOTHING, breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Embedding:
    """The items that the encoder holds most likely to be next."""

    name = "embedding"

    def find(self, scene: Scene) -> Rows:
        """By the logarithm of their probability."""
        if scene.log_probabilities is None:
            return NOTHING
        known = scene.placed.rows >= FIRST
        if scene.company is not None:
            known[scene.company.numbers] = True
        return strongest(scene, scene.log_probabilities, breadth(scene), known)
