"""What every source of candidates promises."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from model import scoring
from online.answer.asked import Ask
from online.answer.catalogue import Floats, Rows
from online.answer.scene import Scene
from online.answer.shortlist import BREADTH
from online.answer.usual import Order

NOTHING: Final = np.zeros(0, np.int32)


class Source(Protocol):
    """One reason why an item may be shown."""

    name: str

    def find(self, scene: Scene) -> Rows:
        """Numbers (k,) of items that the scene says may be shown, the strongest first; some may be dropped later."""


def enough(ask: Ask) -> int:
    """How many of one source are ranked: more of a source than a ranker was fitted on would only mislead it."""
    return BREADTH + ask.n * ask.page + len(ask.rules.pin) + len(ask.rules.boost)


def breadth(scene: Scene) -> int:
    """How many to bring, so that enough are left when what was seen long ago is dropped."""
    older = 0 if scene.ask.repeat else max(0, scene.view.user.seen.count - len(scene.history))
    return enough(scene.ask) + older


def strongest(scene: Scene, strengths: Floats, n: int, among: NDArray[np.bool_] | None = None) -> Rows:
    """The n strongest (by strengths (size,)) of those `among` (size,), where given, that may be shown."""
    may = scene.may if among is None else scene.may & among
    numbers = may.nonzero()[0]
    return numbers[scoring.top(strengths[numbers], n)].astype(np.int32)


def first(scene: Scene, order: Order, n: int) -> Rows:
    """The first n that may be shown of items that are in order, the strongest first."""
    out = 0 if scene.ask.repeat else len(scene.history)
    for far in (n + out, len(order)):  # more than the user's own may be out: other categories, say
        found = order.first(far)
        found = found[scene.may[found]][:n]
        if len(found) == n:
            break
    return found
