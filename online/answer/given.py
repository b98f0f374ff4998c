"""Items that a service brings itself: which of them can be scored, and their order for one user."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import scoring
from model.index import UNKNOWN
from online.answer.answered import LeftOut
from online.answer.catalogue import Rows
from online.answer.numbers import members
from online.answer.rank import rank
from online.answer.ranked import Ranked
from online.answer.scene import Scene


class Given(NamedTuple):
    """What came of the items that were given."""

    ranked: Ranked
    """Best first; equal ones as they were given."""
    seen: NDArray[np.bool_]
    """(n,): whether the user had each of them."""
    left_out: list[LeftOut]


def in_order(items: Sequence[str], candidates: Rows, scene: Scene) -> Given:
    """These items, scored as the request's candidates (k,) are, whatever else is given with them.

    What is a candidate has the very score that recommendations give it; what is none, since it was seen or nothing
    speaks for it, is measured among the candidates: the ranker reads places among them. They are those of a request
    for ten items, and one for more is ranked among more. In a catalogue of which not each item is looked at, what is
    given stands among those that are, and last bits may differ.
    """
    numbers, left_out = _sorted_out(items, scene)
    others = numbers[~members(candidates, scene.tallies.size)[numbers]]
    both = rank(np.concatenate([candidates, others]), scene, len(candidates))
    place = np.zeros(scene.tallies.size, np.intp)
    place[both.numbers] = np.arange(len(both))
    places = place[numbers]
    best = places[scoring.top(both.scores[places], len(places))]
    ranked = replace(both.take(best), among=both.first(len(candidates)))
    return Given(ranked, _seen(ranked.numbers, scene), left_out)


def _sorted_out(items: Sequence[str], scene: Scene) -> tuple[Rows, list[LeftOut]]:
    """The numbers (n,) of the items that can be scored, each once, as they were given; and all others."""
    numbers = scene.known(dict.fromkeys(items))
    rows = scene.placed.rows[numbers]
    heard_of = rows != UNKNOWN
    if not heard_of.all():
        heard_of |= scene.tallies.counted[numbers] | _met(numbers, scene)
    withdrawn = scene.catalogue.withdrawn[rows]
    good = heard_of & ~withdrawn
    ids = scene.numbers.ids[numbers]
    scored, gone = set(ids[good]), set(ids[withdrawn])
    first: dict[str, int] = {}
    left_out = []
    for index, item in enumerate(items):
        if first.setdefault(item, index) != index:
            left_out.append(LeftOut(index=index, item_id=item, reason=f"given already, at index {first[item]}"))
        elif item not in scored:
            reason = "withdrawn" if item in gone else "nothing is known of it"
            left_out.append(LeftOut(index=index, item_id=item, reason=reason))
    return numbers[good], left_out


def _seen(numbers: Rows, scene: Scene) -> NDArray[np.bool_]:
    return scene.view.user.seen.contains(scene.numbers.hashes(numbers)) | _met(numbers, scene)


def _met(numbers: Rows, scene: Scene) -> NDArray[np.bool_]:
    return members(scene.history, scene.tallies.size)[numbers]
