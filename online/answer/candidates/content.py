"""Candidates by content: items whose vectors are like those of what the user liked last."""

from online.answer.candidates.source import breadth, strongest
from online.answer.catalogue import Rows
from online.answer.scene import Scene


class Content:
    """Series, genres, years: what nobody took beside anything yet, but is of a kind with it."""

    name = "content"

    def find(self, scene: Scene) -> Rows:
        """By cosine; in a large catalogue among what other sources bring."""
        likeness = scene.likeness
        return strongest(scene, likeness, breadth(scene), likeness > 0)
