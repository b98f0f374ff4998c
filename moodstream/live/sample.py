"""Which events of a log's end are sent: the first ones of users drawn by seed, so that many users take part."""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from batch.evaluate.split import Step

OF_A_USER: Final = 10
"""Scored events of one user, at most."""


def sample(steps: Sequence[Step], scored: int, seed: int) -> list[Step]:
    """So many scored steps at most, with the unscored ones between them, in the order of the log."""
    of: defaultdict[str, list[int]] = defaultdict(list)
    for place, step in enumerate(steps):
        of[step.event.user_id].append(place)
    users = sorted(of)
    random.Random(seed).shuffle(users)  # noqa: S311 (no secret)
    chosen: list[int] = []
    for user in users:
        taken = _up_to(steps, of[user], min(OF_A_USER, scored))
        chosen += taken
        scored -= sum(steps[place].scored for place in taken)
    return [steps[place] for place in sorted(chosen)]


def _up_to(steps: Sequence[Step], places: Sequence[int], scored: int) -> list[int]:
    """Those up to the so many-th scored one."""
    ends = [end for end, place in enumerate(places, 1) if steps[place].scored][:scored]
    return list(places[: ends[-1]]) if ends else []
