"""Candidates with their features, scored and in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.ranker import Ranker
from online.answer.catalogue import Floats, Rows
from online.answer.numbers import Ids


@dataclass(frozen=True)
class Ranked:
    """Aligned by item, best first once `diversify` is through."""

    ranker: Ranker
    ids: Ids
    """(n,)"""
    numbers: Rows
    """(n,)"""
    rows: Rows
    """(n,): `UNKNOWN` for an item that is known by its id only."""
    features: Floats
    """(n, F), as the ranker names them."""
    scores: Floats
    """(n,): boosts included."""
    boosts: Floats
    """(n,): what the request adds: boosts, less the price of popularity."""
    among: "Ranked | None" = None
    """The candidates that these were measured against, where they were not each other's."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: NDArray[np.intp]) -> "Ranked":
        """These places, in this order."""
        return Ranked(
            self.ranker,
            self.ids[places],
            self.numbers[places],
            self.rows[places],
            self.features.take(places, axis=0),
            self.scores[places],
            self.boosts[places],
            self.among,
        )

    def first(self, n: int) -> "Ranked":
        """The first n."""
        return self.take(np.arange(n)) if len(self) > n else self

    @cached_property
    def usual(self) -> Floats:
        """The features (F,) in the middle of the candidates."""
        return np.median(self.features, axis=0) if self.among is None else self.among.usual

    def explained(self, place: int) -> dict[str, float]:
        """What each part adds to one item's score."""
        parts = {name: part for name, part in self.ranker.parts(self.features[place], self.usual).items() if part}
        boost = float(self.boosts[place])
        return {**parts, "boost": boost} if boost else parts


Sources = Mapping[str, Rows]
"""The numbers (k,) that each source found, the strongest first, by its name."""
