"""Candidates with their features, scored and in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.ranker import FEATURES
from online.answer.catalogue import Catalogue, Floats, Rows


@dataclass(frozen=True)
class Ranked:
    """Aligned by item, best first once `rank` is through."""

    catalogue: Catalogue
    ids: Sequence[str]
    rows: Rows
    """(n,): `UNKNOWN` for an item that is known by its id only."""
    parts: Floats
    """(n, F): what each of `FEATURES` adds to the score."""
    boosts: Floats
    """(n,): what a rule adds."""

    @cached_property
    def scores(self) -> Floats:
        """(n,)"""
        return np.asarray(self.parts.sum(axis=1) + self.boosts, np.float32)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: NDArray[np.intp]) -> "Ranked":
        """These places, in this order."""
        chosen = places.tolist()
        return Ranked(
            self.catalogue,
            [self.ids[place] for place in chosen],
            self.rows[places],
            self.parts[places],
            self.boosts[places],
        )

    def explained(self, place: int) -> dict[str, float]:
        """What each part adds to one item's score."""
        parts = dict(zip(FEATURES, self.parts[place].tolist(), strict=True))
        boost = float(self.boosts[place])
        return {**parts, "boost": boost} if boost else parts


Sources = Mapping[str, Mapping[str, float]]
"""Source → item → how strongly it speaks for it."""
