"""Candidates by the user's embedding: an exact search over all items."""

import numpy as np

from model.index import FIRST
from online.answer.candidates.source import Found, best, breadth
from online.answer.scene import Scene


class Embedding:
    """The items that the encoder holds most likely to be next."""

    name = "embedding"

    async def find(self, scene: Scene) -> Found:
        """Item → logarithm of its probability."""
        if scene.log_probabilities is None:
            return {}
        rows = np.arange(FIRST, len(scene.catalogue), dtype=np.int32)
        return best(scene, scene.log_probabilities[FIRST:], rows, breadth(scene))
