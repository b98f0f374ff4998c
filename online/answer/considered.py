"""What came into question for one request, and what each of it was worth."""

from collections.abc import Mapping
from typing import NamedTuple

from model.ranker import CONTEXT
from online.answer.catalogue import Floats
from online.answer.features import features
from online.answer.numbers import members
from online.answer.rank import diversify
from online.answer.ranked import Ranked, Sources
from online.answer.scene import Scene


class Considered(NamedTuple):
    """The candidates of one request that may be shown, best first by score alone."""

    ids: list[str]
    scores: Floats
    """(n,)"""
    features: Floats
    """(n, F), in the order of `names`."""
    names: tuple[str, ...]
    """The ranker's, and those of the request's context that it doesn't know."""
    found: Mapping[str, list[str]]
    """Source → what it brings, the strongest first."""


class Weighed(NamedTuple):
    """The candidates of one request with their scores, in no order yet."""

    scene: Scene
    found: Sources
    ranked: Ranked
    degraded: list[str]

    def considered(self) -> Considered:
        """The same as it is logged."""
        scene, ranked = self.scene, diversify(self.ranked, self.scene.catalogue, 0)
        names = tuple(dict.fromkeys([*ranked.ranker.names, *(CONTEXT + name for name in scene.tallies.contexts)]))
        known = names == ranked.ranker.names
        left = members(ranked.numbers, scene.tallies.size)
        return Considered(
            ranked.ids.tolist(),
            ranked.scores,
            ranked.features if known else features(names, ranked.numbers, scene),
            names,
            {name: scene.numbers.ids[items[left[items]]].tolist() for name, items in self.found.items()},
        )
