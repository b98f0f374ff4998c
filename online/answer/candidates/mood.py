"""Candidates by mood: items whose content feels like it, the likely or popular ones of them first."""

from typing import Final

import numpy as np

from model.affect import agreement
from model.index import FIRST
from online.answer.candidates.source import Found, best, breadth
from online.answer.scene import Scene

FITTING: Final = 0.7
"""The least agreement (a cosine) of an item that fits a mood."""
_LEAST: Final = 60


class Mood:
    """Items that fit the mood asked for, or the user's own of late."""

    name = "mood"

    async def find(self, scene: Scene) -> Found:
        """Item → how likely it is, else how popular."""
        if not scene.mood:
            return {}
        rows = np.flatnonzero(agreement(scene.catalogue.moods[FIRST:], scene.mood) >= FITTING) + FIRST
        liking = scene.catalogue.popularity if scene.log_probabilities is None else scene.log_probabilities
        return best(scene, liking[rows], rows, breadth(scene, _LEAST))
