"""What every source of candidates promises."""

from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from model import scoring
from online.answer.catalogue import Floats, Rows
from online.answer.scene import Scene

Found = Mapping[str, float]
"""Item id → how strongly this source speaks for it, the strongest first."""
BREADTH: Final = 150
"""Candidates that one source brings beyond those that will be dropped."""


class Source(Protocol):
    """One reason why an item may be shown."""

    name: str

    async def find(self, scene: Scene) -> Found:
        """Items, some of which may be dropped later; raises `StoreUnavailable` where it needs the store."""


def breadth(scene: Scene, least: int = BREADTH) -> int:
    """How many to bring, so that `least` are left when what was seen or excluded is dropped."""
    asked, rules = scene.ask, scene.ask.rules
    named = len(asked.exclude) + len(rules.block) + len(rules.pin) + len(rules.boost)
    return least + scene.view.user.seen.count + named


def strongest(found: dict[str, float]) -> Found:
    """The same in order; items of one strength in order of their ids."""
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def best(scene: Scene, scores: Floats, rows: Rows | NDArray[np.intp], n: int) -> Found:
    """The n best of these rows (k,) by their scores (k,), those that aren't open left out."""
    open_rows = scene.open[rows]
    rows, scores = rows[open_rows], scores[open_rows]
    places = scoring.top(scores, n)
    return dict(zip(scene.catalogue.ids(rows[places].astype(np.int32)), scores[places].tolist(), strict=True))
