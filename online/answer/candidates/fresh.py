"""Candidates that are new: items that came into the catalogue after the bundle was trained."""

from typing import Final

import numpy as np

from online.answer.candidates.source import NOTHING, strongest
from online.answer.catalogue import Rows
from online.answer.numbers import members
from online.answer.scene import Scene
from online.answer.shortlist import NEWEST

_BEST: Final = 50


class Fresh:
    """The newest items that the bundle doesn't know, the likely ones of them first."""

    name = "fresh"

    def find(self, scene: Scene) -> Rows:
        """By how likely they are by their content; without a bundle by how new."""
        newest = scene.placed.at(scene.catalogue.fresh[:NEWEST])
        if not len(newest):
            return NOTHING
        size = len(scene.may)
        liking = scene.log_probabilities
        if liking is None:
            liking = np.zeros(size, np.float32)
            liking[newest] = -np.arange(len(newest), dtype=np.float32)
        return strongest(scene, liking, _BEST, members(newest, size))
