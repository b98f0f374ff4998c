"""Where the item that came next stood in one answer; whatever is in doubt counts against us."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.answer.answered import Recommendations

MISS: Final = 1_000_000
"""The rank of an item that wasn't there."""
TOP: Final = 10
"""Items of a list that coverage and diversity look at."""
SERVED: Final = 21
"""Asked for: the twentieth, and one more to see whether it is as good."""


class Placed(NamedTuple):
    """One answer of one system, as far as it is measured."""

    rank: int
    """From 0; `MISS` where the item wasn't there."""
    top: Sequence[str]
    """The first `TOP` items."""


NOWHERE: Final = Placed(MISS, ())


def in_answer(answer: Recommendations, item_id: str) -> Placed:
    """By the order served; items with the very same score count as before it, wherever they stand."""
    top = [item.item_id for item in answer.items[:TOP]]
    own = next((place for place, item in enumerate(answer.items) if item.item_id == item_id), None)
    if own is None:
        return Placed(MISS, top)
    score = answer.items[own].score
    return Placed(own + sum(item.score == score for item in answer.items[own + 1 :]), top)


def in_list(ids: Sequence[str], item_id: str) -> Placed:
    """By an order without scores."""
    return Placed(ids.index(item_id) if item_id in ids else MISS, ids[:TOP])


def by_scores(ids: Sequence[str], scores: NDArray[np.floating], item_id: str) -> Placed:
    """Among items (n,), best first, with their scores (n,); equal ones count as before it."""
    if item_id not in ids:
        return Placed(MISS, ids[:TOP])
    own = scores[ids.index(item_id)]
    return Placed(int((scores >= own).sum()) - 1, ids[:TOP])


def by_row(scores: NDArray[np.floating], row: int, ids: Sequence[str]) -> Placed:
    """Among all items by row, those with the score -inf left out; what is no number is one of them."""
    scores = np.where(np.isnan(scores), -np.inf, scores)
    some = np.argpartition(-scores, min(TOP, len(scores) - 1))[:TOP]
    best = some[np.argsort(-scores[some], kind="stable")]
    top = [ids[place] for place in best.tolist() if scores[place] > -np.inf]
    own = scores[row] if row < len(scores) else -np.inf
    return Placed(int((scores >= own).sum()) - 1 if own > -np.inf else MISS, top)
