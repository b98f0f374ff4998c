"""Candidates by the user's embedding: an exact search over all items."""

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
        return strongest(scene, scene.log_probabilities, breadth(scene), scene.placed.rows >= FIRST)
