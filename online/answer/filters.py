"""What must not be shown: seen, hidden, withdrawn, excluded, or of another category than was asked for."""

from typing import Final

import numpy as np

from model.index import UNKNOWN
from online.answer.catalogue import Rows
from online.answer.numbers import members
from online.answer.ranked import Sources
from online.answer.scene import Scene

NOTHING_FITS: Final = "items: nothing is left of what was asked for"
ALL_SEEN: Final = "items: everything that fits was seen already, so seen items are shown again"


def union(found: Sources, scene: Scene) -> Rows:
    """All candidates, (n,), each once; those of the catalogue in its order, then others in order of their ids."""
    numbers = members(np.concatenate(list(found.values())), scene.tallies.size).nonzero()[0].astype(np.int32)
    rows = scene.placed.rows[numbers]
    ordered = numbers[rows.argsort(kind="stable")]
    unknown = np.count_nonzero(rows == UNKNOWN)
    if not unknown:
        return ordered
    others = sorted(ordered[:unknown].tolist(), key=scene.numbers.ids.__getitem__)
    return np.concatenate([ordered[unknown:], np.array(others, np.int32)])


def drop(candidates: Rows, scene: Scene) -> Rows:
    """The candidates (n,) that may be shown: open and, unless the request wants it again, not seen before."""
    left = candidates[scene.open[candidates]]
    if scene.ask.repeat:
        return left
    return left[~scene.view.user.seen.contains(scene.numbers.hashes(left))]


def foremost(left: Rows, found: Sources, n: int, size: int) -> Rows:
    """Those of what is left (k,) that are among the first n left of at least one source; numbers are below `size`."""
    if all(len(items) <= n for items in found.values()):
        return left
    may = members(left, size)
    first = members(np.concatenate([items[may[items]][:n] for items in found.values()]), size)
    return left[first[left]]
