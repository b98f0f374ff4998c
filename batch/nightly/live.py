"""What a canary's pages came to, beside the serving bundle's: from impressions in the lake and what followed them."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from batch.impressions import outcomes
from batch.log import Log, events_of
from batch.measures import COVERED, Floats, Measure, interval, weights
from batch.nightly.night import Look, Shown
from batch.replay import Logged
from contracts.rollout import Rollout, bundle_for

HOLD: Final = 500_000
"""Events that a look holds at most, some 500 MB: of more, everything of as many users as fit."""
_SURELY: Final = 0.999
"""Of the interval that may end a canary early: it is looked at many times, and once in twenty the usual one misses."""

ByUser = Mapping[str, tuple[int, int]]
"""User → pages whose window is over, and those of which something was taken."""


def look(log: Log, rollout: Rollout, window_ms: int, now: int, seed: int) -> Look:
    """Both groups' figures, of a log that begins with the canary."""
    events = events_of(log)
    canary, serving = (pages_of(events, rollout, name, window_ms) for name in (rollout.canary or "", rollout.bundle))
    return Look(
        time=now,
        canary=_shown(canary),
        serving=_shown(serving),
        difference=difference(canary, serving, seed),
        surely=difference(canary, serving, seed, _SURELY),
    )


def pages_of(events: Sequence[Logged], rollout: Rollout, bundle: str, window_ms: int) -> ByUser:
    """Of users who are on this bundle, what it showed them: users who were moved late count for neither."""
    found: dict[str, tuple[int, int]] = {}
    for page, taken in outcomes(events, window_ms):
        if page.bundle == bundle == bundle_for(page.user_id, rollout):
            pages, taken_of = found.get(page.user_id, (0, 0))
            found[page.user_id] = pages + 1, taken_of + taken
    return found


def difference(canary: ByUser, serving: ByUser, seed: int, covered: float = COVERED) -> Measure:
    """Of the rates (canary's less serving's) with its interval: each group's users are drawn again by themselves."""
    if not canary or not serving:
        return Measure(0.0, -1.0, 1.0)
    rng = np.random.default_rng(seed)
    drawn = _drawn(canary, rng) - _drawn(serving, rng)
    return interval(_shown(canary).rate - _shown(serving).rate, drawn, covered)


def _drawn(of: ByUser, rng: np.random.Generator) -> Floats:
    """(DRAWS,): the rate over users drawn again."""
    counts = np.array(list(of.values()), np.float64)
    pages, taken = np.concatenate([drawn @ counts for drawn in weights(len(counts), rng)]).T
    return np.asarray(taken / np.maximum(pages, 1), np.float64)


def _shown(of: ByUser) -> Shown:
    return Shown(
        users=len(of), pages=sum(pages for pages, _ in of.values()), taken=sum(taken for _, taken in of.values())
    )
