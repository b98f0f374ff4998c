"""Candidates that the user had before, where a request wants items again."""

import numpy as np

from online.answer.candidates.source import NOTHING, breadth
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Again:
    """The user's own items, the last ones first."""

    name = "again"

    def find(self, scene: Scene) -> Rows:
        """By how long ago it was, counted in other items."""
        if not scene.ask.repeat:
            return NOTHING
        places = np.flatnonzero(scene.open[scene.history])[: breadth(scene)]
        return scene.history[places]
