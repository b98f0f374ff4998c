"""Candidates that are new: items that came into the catalogue after the bundle was trained."""

from typing import Final

import numpy as np

from online.answer.candidates.source import Found, best
from online.answer.scene import Scene

_NEWEST: Final = 200
_BEST: Final = 50


class Fresh:
    """The newest items that the bundle doesn't know, the likely ones of them first."""

    name = "fresh"

    async def find(self, scene: Scene) -> Found:
        """Item → how likely it is, by its content; without a bundle how new."""
        rows = scene.catalogue.fresh[scene.open[scene.catalogue.fresh]][:_NEWEST]
        if scene.log_probabilities is None:
            return best(scene, -np.arange(len(rows), dtype=np.float32), rows, _BEST)
        return best(scene, scene.log_probabilities[rows], rows, _BEST)
