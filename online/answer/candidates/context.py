"""Candidates that fit the request's context: its mood, place, device and further columns, the user's place in time."""

import numpy as np

from online.answer.candidates.source import NOTHING, breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class InContext:
    """What users take who feel so, are there, hold such a device, or are as new."""

    name = "context"

    def find(self, scene: Scene) -> Rows:
        """By what is taken here and by users as new, on top of what is taken anyway (naive Bayes)."""
        counts = scene.tallies
        seen = sum((of for of in [counts.began, *counts.contexts.values()]), np.float32(0))
        if not np.any(seen):
            return NOTHING
        score = counts.usual.taken_log + counts.in_context + counts.nth
        return strongest(scene, score, breadth(scene), np.asarray(seen) > 0)
