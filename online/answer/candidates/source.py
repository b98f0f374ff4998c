"""What every source of candidates promises."""

from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from model import scoring
from online.answer.catalogue import Floats, Rows
from online.answer.scene import Scene

Found = Mapping[str, float]
"""Item id → how strongly this source speaks for it."""
BREADTH: Final = 300
"""Candidates that a source over the whole catalogue brings beyond those that will be dropped."""


class Source(Protocol):
    """One reason why an item may be shown."""

    name: str

    async def find(self, scene: Scene) -> Found:
        """Items, some of which may be dropped later; raises `StoreUnavailable` where it needs the store."""


def breadth(scene: Scene, least: int = BREADTH) -> int:
    """How many to bring, so that `least` are left when what was seen or excluded is dropped."""
    asked = scene.ask
    return least + scene.view.user.seen.count + len(asked.exclude) + len(asked.rules.block)


def best(scene: Scene, scores: Floats, rows: Rows | NDArray[np.intp], n: int) -> Found:
    """The n best of these rows (k,) by their scores (k,), those that aren't open left out."""
    open_rows = scene.open[rows]
    rows, scores = rows[open_rows], scores[open_rows]
    places = scoring.top(scores, n)
    return dict(zip(scene.catalogue.ids(rows[places].astype(np.int32)), scores[places].tolist(), strict=True))
