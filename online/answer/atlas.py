"""A map of the items in two dimensions, the same for all users and for as long as the bundle: where a user stands."""

from collections import OrderedDict
from typing import Final, NamedTuple

import numpy as np

from model.index import FIRST
from online.answer.catalogue import Catalogue, Floats

LANDMARKS: Final = 24
_APART: Final = 0.1
"""Landmarks are at least so far from each other: the page has room for most of their names."""
_KEPT: Final = 64
"""Maps, a kilobyte each; more than bundles that are in memory at once."""
_WELL_KNOWN: Final = 300
"""The most popular items, from which landmarks are chosen."""


class Atlas(NamedTuple):
    """The two principal axes of the items' directions."""

    centre: Floats
    """(d,)"""
    axes: Floats
    """(2, d)"""
    told: float
    """The share of the directions' variance that the two axes show."""

    def place(self, vector: Floats) -> tuple[float, float]:
        """Where a vector (d,), an item's or a user's, points to; both coordinates in [-2, 2]."""
        length = float(np.sqrt((vector * vector).sum()))
        x, y = self.axes @ (vector / np.float32(max(length, 1e-9)) - self.centre)
        return round(float(x), 4), round(float(y), 4)


def atlas(catalogue: Catalogue) -> Atlas | None:
    """The map of what the bundle knows; None where that is nothing. An axis's sign is fixed by its largest part."""
    if catalogue.bundle is None or len(catalogue.bundle.catalogue) < 3:
        return None
    sample = catalogue.sample.rows  # a map needs no more, however large the catalogue is
    known = catalogue.directions_of(sample[sample < len(catalogue.bundle.catalogue) + FIRST])
    centre = known.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((known - centre).T.astype(np.float64)))
    axes = vectors[:, [-1, -2]].T
    axes *= np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1))
    told = float(values[-2:].sum() / max(values.sum(), 1e-12))
    return Atlas(centre.astype(np.float32), axes.astype(np.float32), round(told, 3))


def landmarks(catalogue: Catalogue, drawn: Atlas) -> list[tuple[str, float, float]]:
    """Well-known items that stand apart on the map, the best known first: id, x, y."""
    chosen: list[tuple[str, float, float]] = []
    for row in catalogue.by_popularity[:_WELL_KNOWN].tolist():
        if catalogue.withdrawn[row] or not catalogue.items[row - FIRST].title:
            continue
        x, y = drawn.place(catalogue.vectors[np.array([row])][0])
        if all((x - a) ** 2 + (y - b) ** 2 >= _APART**2 for _, a, b in chosen):
            chosen.append((catalogue.items[row - FIRST].item_id, x, y))
        if len(chosen) == LANDMARKS:
            break
    return chosen


class Atlases:
    """One for each bundle in memory, drawn when it is loaded."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[str, Atlas | None] = OrderedDict()

    def draw(self, catalogue: Catalogue) -> None:
        """Off the request path; a catalogue that changed keeps its bundle's map."""
        if catalogue.version not in self._drawn:
            self._drawn[catalogue.version] = atlas(catalogue)
            while len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)

    def of(self, version: str) -> Atlas | None:
        """That of a bundle, if it has one."""
        return self._drawn.get(version)
