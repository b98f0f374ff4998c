"""What must not be shown: seen, hidden, withdrawn, excluded, or of another category than was asked for."""

from collections.abc import Iterable
from itertools import chain, compress, islice

import numpy as np
from numpy.typing import NDArray

from model.index import UNKNOWN
from online.answer.candidates.source import breadth
from online.answer.ranked import Sources
from online.answer.scene import Scene
from online.store.seen import hashes
from online.store.state import Entry

NOTHING_FITS = "items: nothing is left of what was asked for"
ALL_SEEN = "items: everything that fits was seen already, so seen items are shown again"


def drop(found: Sources, scene: Scene) -> tuple[list[str], list[str]]:
    """The candidates that may be shown, in a fixed order, and why that is less than it could be.

    What was seen is shown again before nothing is; whatever else is dropped never is.
    """
    most = breadth(scene)
    candidates = list(dict.fromkeys(chain.from_iterable(islice(items, most) for items in found.values())))
    fitting = _kept(candidates, _allowed(candidates, scene))
    unseen = _kept(fitting, ~scene.view.user.seen.contains(hashes(fitting)))
    if unseen or not fitting:
        return unseen, [] if unseen else [NOTHING_FITS]
    return fitting, [ALL_SEEN]


def hidden(history: Iterable[Entry]) -> set[str]:
    """Items that the user turned down last time they met them."""
    last = {entry.item: entry.weight for entry in history if entry.item}
    return {item for item, weight in last.items() if weight < 0}


def _allowed(candidates: list[str], scene: Scene) -> NDArray[np.bool_]:
    rows = scene.catalogue.rows(candidates)
    unknown_may = not scene.ask.categories  # nobody knows the categories of an item without content
    allowed = np.where(rows == UNKNOWN, unknown_may, scene.open[rows])
    out = hidden(scene.view.user.history) | set(scene.ask.exclude) | set(scene.ask.rules.block)
    if out:
        allowed &= np.array([item not in out for item in candidates], np.bool_)
    return np.asarray(allowed, np.bool_)


def _kept(candidates: list[str], keep: NDArray[np.bool_]) -> list[str]:
    return list(compress(candidates, keep.tolist()))
