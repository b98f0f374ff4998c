"""Candidates that fit the request's context: its mood, place, device and further columns, the user's place in time."""

import numpy as np

from online.answer.candidates.source import NOTHING, Found, breadth, strongest
from online.answer.scene import Scene


class InContext:
    """What users take who feel so, are there, hold such a device, or are as new."""

    name = "context"

    def find(self, scene: Scene) -> Found:
        """By the lifts of all that is known of the context on top of what trends (naive Bayes)."""
        lifts = scene.tallies.lifts
        seen = sum((counts for counts in [scene.tallies.began, *scene.tallies.contexts.values()]), np.float32(0))
        if not np.any(seen):
            return NOTHING
        score = np.log1p(scene.tallies.week) + sum(lifts.values())
        return strongest(scene, np.asarray(score, np.float32), breadth(scene), np.asarray(seen) > 0)
