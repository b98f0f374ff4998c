"""From candidates to their order: score, then rules, then diversity."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model import scoring
from model.ranker import Ranker
from online.answer.asked import Rules
from online.answer.catalogue import Catalogue, Floats, Rows
from online.answer.features import features
from online.answer.ranked import Ranked
from online.answer.scene import Scene

POOL: Final = 100
"""Diversity looks at so many of the best; what follows them stays in order of score."""
_DEFAULT: Final = Ranker()


def rank(numbers: Rows, scene: Scene, candidates: int | None = None) -> Ranked:
    """These candidates with their scores, in no order yet; or only the first so many are, and others beside them.

    Candidates have the same bits whatever is beside them: a product of more rows may have others, so it has as many.
    """
    ranker = scene.catalogue.bundle.ranker if scene.catalogue.bundle else _DEFAULT
    found = features(ranker.names, numbers, scene, candidates)
    parts = np.split(found, [candidates]) if candidates is not None else [found]
    scores = np.concatenate([ranker.score(part) for part in parts])
    boosts = _boosts(numbers, scene)
    return Ranked(
        ranker,
        scene.numbers.ids[numbers],
        numbers,
        scene.placed.rows[numbers],
        found,
        np.asarray(scores + boosts, np.float32),
        boosts,
    )


def _boosts(numbers: Rows, scene: Scene) -> Floats:
    """What the request adds to each score: the rules' boosts, less its price of popularity."""
    ask = scene.ask
    if not ask.rules.boost and not ask.novelty:
        return np.zeros(len(numbers), np.float32)
    boosts = np.zeros(scene.tallies.size, np.float32)
    if ask.rules.boost:
        boosts[scene.numbers.of(ask.rules.boost)] = list(ask.rules.boost.values())
    return np.asarray(boosts[numbers] - ask.novelty * np.log1p(scene.tallies.usual.taken[numbers]), np.float32)


def diversify(ranked: Ranked, catalogue: Catalogue, loss: float) -> Ranked:
    """Best first, where each item loses `loss` times its cosine to the most like one before it.

    Maximal marginal relevance (J. Carbonell and J. Goldstein, 1998) over item vectors.
    """
    order = scoring.top(ranked.scores, len(ranked))
    if loss == 0 or len(order) < 2 or not catalogue.vectors.shape[1]:
        return ranked.take(order)
    pool = order[:POOL]
    directions = catalogue.directions_of(ranked.rows[pool])
    left = ranked.scores[pool].astype(np.float64)
    left_behind = _left_behind(left, directions, loss)
    chosen = []
    for _ in range(len(pool)):
        chosen.append(best := left.argmax())
        np.minimum(left, left_behind[best], out=left)
    return ranked.take(np.concatenate([pool[chosen], order[POOL:]]))


def _left_behind(scores: NDArray[np.float64], directions: Floats, loss: float) -> NDArray[np.float64]:
    """(n, n): what the scores (n,) become behind each of the items, whose own is behind all from then on."""
    behind = (directions @ directions.T).astype(np.float64)
    behind *= -loss
    behind += scores
    behind.flat[:: len(scores) + 1] = -np.inf
    return behind


def pin(ranked: Ranked, rules: Rules) -> Ranked:
    """Pinned items first, in the order given."""
    if not rules.pin:
        return ranked
    places = {item: place for place, item in enumerate(ranked.ids.tolist())}
    first = [places[item] for item in dict.fromkeys(rules.pin) if item in places]
    pinned = set(first)
    rest = [place for place in range(len(ranked)) if place not in pinned]
    return ranked.take(np.array(first + rest, np.intp))
