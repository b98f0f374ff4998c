"""The orders that first pages began, so that a later page goes on where the one before it ended."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Final, NamedTuple
from weakref import ref

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.answer.answered import At
from online.answer.asked import Ask
from online.answer.catalogue import Catalogue
from online.answer.explore import Propensities
from online.answer.ranked import Ranked, Sources
from online.answer.scene import Scene

KEPT: Final = 256
DEPTH: Final = 500
"""Items of an order: with some 40 features each, all orders together take about 40 MB."""
LASTS_MS: Final = 600_000
_IGNORED: Final = {"page": 1, "n": 1, "token": "", "explain": False}
"""What may differ between pages of one order; the page's size may not, since pages are counted in it."""


class Ordered(NamedTuple):
    """A finished order with what it was made from."""

    at: int
    """UTC ms."""
    bundle: str
    """Its version."""
    catalogue: "ref[Catalogue]"
    """Not held: each that was replaced takes as much as all its items."""
    ranked: Ranked
    sources: Sequence[str]
    """Names, of k sources."""
    brought: NDArray[np.bool_]
    """(k, n): whether each speaks for each of the ranked items."""
    mood: int
    watermark: At | None
    partition: int
    last_event: int | None
    """Of the user, UTC ms."""
    folded: int
    degraded: list[str]
    propensities: Propensities
    """(n,): how likely each of the ranked items was to stand where it does."""

    @classmethod
    def of(
        cls, scene: Scene, ranked: Ranked, found: Sources, degraded: list[str], likely: Propensities | None = None
    ) -> "Ordered":
        """What answers need of a scene, and no more of it; without `likely`, each place was certain."""
        view = scene.view
        last_event = view.state.time if view.state.count else None
        brought = np.zeros((len(found), scene.tallies.size), np.bool_)
        for speaking, items in zip(brought, found.values(), strict=True):
            speaking[items] = True
        return cls(
            at=scene.now,
            bundle=scene.catalogue.version,
            catalogue=ref(scene.catalogue),
            ranked=ranked,
            sources=list(found),
            brought=brought[:, ranked.numbers],
            mood=scene.mood,
            watermark=view.watermark,
            partition=view.partition,
            last_event=last_event,
            folded=view.folded,
            degraded=degraded,
            propensities=np.ones(len(ranked)) if likely is None else likely,
        )

    def speaking(self, places: range) -> list[list[str]]:
        """The sources that speak for the item at each of these places."""
        speaking = self.brought[:, places.start : places.stop].T
        return [list(compress(self.sources, speaks)) for speaks in speaking.tolist()]


class Pages:
    """The latest orders of this process; another process makes the order anew, from the same state."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._orders: OrderedDict[tuple[bytes, int], Ordered] = OrderedDict()

    def begun(self, ask: Ask) -> Ordered | None:
        """The order that the first page of this request began, if it was not long ago."""
        if ask.page == 1:
            return None
        found = self._orders.get(_key(ask))
        return found if found and 0 <= self._clock() - found.at < LASTS_MS else None

    def keep(self, ask: Ask, ordered: Ordered) -> Ordered:
        """The same order, remembered for its next pages."""
        key = _key(ask)
        self._orders[key] = ordered
        self._orders.move_to_end(key)
        while len(self._orders) > KEPT:
            self._orders.popitem(last=False)
        return ordered


def _key(ask: Ask) -> tuple[bytes, int]:
    return msgspec.json.encode(msgspec.structs.replace(ask, **_IGNORED), order="sorted"), ask.n
