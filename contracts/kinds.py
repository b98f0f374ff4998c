"""The one table of interaction kinds: what each says of the user's liking, as a weight in [-1, 1]."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal, NamedTuple, get_args

Kind = Literal["click", "view", "play", "like", "dislike", "skip", "rating", "dwell", "purchase"]


class Weighing(NamedTuple):
    """How a kind is weighed: by itself, or by the event's value where it has one."""

    weight: float
    of_value: Callable[[float], float] | None = None


def _of_rating(stars: float) -> float:
    """Half a star to five: 1 → -0.6, 2.5 → 0, 5 → 1."""
    return max(-1.0, min(1.0, (stars - 2.5) / 2.5))


def _of_dwell(seconds: float) -> float:
    """A glance says little, a minute says much: 0 s → 0, 10 s → 0.5, ∞ → 1."""
    return max(0.0, seconds) / (max(0.0, seconds) + 10.0)


WEIGHTS: Final[dict[Kind, Weighing]] = {
    "click": Weighing(0.5),
    "view": Weighing(0.3),
    "play": Weighing(0.7),
    "like": Weighing(1.0),
    "dislike": Weighing(-1.0),
    "skip": Weighing(-0.5),
    "rating": Weighing(0.5, _of_rating),
    "dwell": Weighing(0.3, _of_dwell),
    "purchase": Weighing(1.0),
}
UNWANTED: Final[tuple[Kind, ...]] = ("dislike", "skip")
"""Kinds that nobody wishes to foretell: no target of training, and not scored by evaluation."""
ORDER: Final[tuple[Kind, ...]] = get_args(Kind)
MOOD_KIND: Final = len(ORDER)
"""The kind index of a mood token, which stands in the same sequence as the interactions."""
REFUSED: Final = frozenset(map(ORDER.index, UNWANTED))
"""The kind indexes of what a user turned down."""
NOT_TAKEN: Final = REFUSED | {MOOD_KIND}
"""The kind indexes of what is no item that a user took."""


@lru_cache(1 << 14)
def weight(kind: Kind, value: float | None) -> float:
    """The liking in [-1, 1] that one interaction shows; negative pushes down."""
    weighing = WEIGHTS[kind]
    if value is None or weighing.of_value is None:
        return weighing.weight
    return weighing.of_value(value)
