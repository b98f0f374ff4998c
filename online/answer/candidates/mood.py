"""Candidates by mood: items whose content feels like it, the likely or popular ones of them first."""

import numpy as np

from online.answer.candidates.source import NOTHING, breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Mood:
    """Items that fit the mood asked for, or the user's own of late."""

    name = "mood"

    def find(self, scene: Scene) -> Rows:
        """By how likely they are, else by how popular."""
        if not scene.mood:
            return NOTHING
        rows = scene.placed.rows
        fitting = scene.catalogue.fitting(scene.mood)[rows]
        liking = scene.catalogue.popularity[rows] if scene.log_probabilities is None else scene.log_probabilities
        return strongest(scene, np.asarray(liking), breadth(scene), fitting)
