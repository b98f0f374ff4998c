"""What a user likes or refused, as directions among the items' vectors."""

from collections.abc import Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final

import numpy as np

from online.answer.catalogue import Catalogue, Floats, Rows
from online.answer.overlaid import Vectors, cosines

RECENT: Final = 10
"""Liked items that likeness starts from."""
FADE: Final = 0.85
"""What a liked item counts beside the next newer one."""


def liked(met: Mapping[str, float]) -> list[tuple[str, float]]:
    """The items liked last, newest first, each with its fading weight times its liking, in (0, 1]."""
    found = islice(((item, weight) for item, weight in met.items() if weight > 0), RECENT)
    return [(item, FADE**place * weight) for place, (item, weight) in enumerate(found)]


def directions_of(
    catalogue: Catalogue, items: Sequence[str], others: Mapping[str, Floats] = MappingProxyType({})
) -> Floats:
    """The directions (k, d) of these items; `others` (d,) are of those that have these instead of the catalogue's."""
    found = catalogue.directions_of(catalogue.rows(items))
    for place, item in enumerate(items):
        if item in others:
            found[place] = others[item]
    return found


def taste(
    catalogue: Catalogue, recent: list[tuple[str, float]], others: Mapping[str, Floats] = MappingProxyType({})
) -> Floats:
    """The direction (d,) of these items together, of unit length; zero where nothing is known of them."""
    directions = directions_of(catalogue, [item for item, _ in recent], others)
    weights = np.array([weight for _, weight in recent], np.float32)
    found = (directions * weights[:, None]).sum(axis=0)
    return np.asarray(found / max(float(np.sqrt((found * found).sum())), 1e-9), np.float32)


def likeness(catalogue: Catalogue, directions: Floats, rows: Rows) -> Floats:
    """The cosines (..., n) of the items at these rows (n,) with directions (..., d)."""
    if isinstance(catalogue.vectors, Vectors):
        return cosines(catalogue.vectors[rows], directions)
    if len(rows) < len(catalogue) // 2:
        return np.asarray(directions @ catalogue.directions_of(rows).T, np.float32)
    return np.asarray((directions @ catalogue.directions.T).take(rows, axis=-1), np.float32)
