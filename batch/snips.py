"""What share of what it shows would be taken under another bundle, from what was shown and taken under the live one.

Self-normalised inverse propensities (A. Swaminathan and T. Joachims, 2015, "The self-normalized estimator for
counterfactual learning") by item and place (S. Li et al., 2018, "Offline evaluation of ranking policies with click
models", the item-position model): whether an item is taken may depend on the user, the moment, the item and its place,
but not on what else is on the page. A page's request is taken for a plain one: impressions don't say what was filtered.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from batch.impressions import pages_of
from batch.measures import Floats, Measure, interval, weights
from batch.replay import Logged
from contracts.events import Impression
from online.learn.impressions import WINDOW_MS
from online.store.impressions import TAKEN

FEW: Final = 200
"""Effective showings below which an estimate is a guess."""
SUPPORTED: Final = 0.8
"""Of the bundle's places so many must have been logged with its items, or the estimate is of others."""


class Showing(NamedTuple):
    """One item that was shown, and whether the bundle in question would have shown it there, too."""

    user_id: str
    propensity: float
    """How likely it was to stand there, under what was live."""
    taken: bool
    agrees: bool


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Of one bundle."""

    rate: float
    """The share of what it would show that would be taken; 0 where nothing can be said."""
    low: float
    high: float
    """The 95% interval, users drawn again."""
    logged: float
    """What was taken of what was shown."""
    showings: int
    effective: float
    """So many showings by the bundle itself would tell as much: (sum of weights)² / sum of their squares (L. Kish)."""
    supported: float
    """The share of the bundle's places that the log can tell of, about."""
    warning: str
    """Why it isn't to be trusted; empty where it is."""


def explores(event: Impression) -> bool:
    """Whether other items might have stood on this page."""
    return any(0 < one.propensity < 1 for one in event.shown)


def estimate(showings: Sequence[Showing], seed: int = 0) -> Estimate | None:
    """The bundle's rate; None where nothing was shown."""
    if not showings:
        return None
    taken = np.array([one.taken for one in showings], np.float64)
    weighed = np.array([1 / one.propensity if one.agrees and one.propensity else 0.0 for one in showings])
    users = np.unique([one.user_id for one in showings], return_inverse=True)[1]
    total, squares = float(weighed.sum()), float(np.square(weighed).sum())
    effective = total**2 / squares if squares else 0.0
    supported = min(1.0, total / len(showings))
    rate, low, high = _rate(weighed * taken, weighed, users, seed) if total else (0.0, 0.0, 0.0)
    return Estimate(
        rate=rate,
        low=low,
        high=high,
        logged=round(float(taken.mean()), 6),
        showings=len(showings),
        effective=round(effective, 1),
        supported=round(supported, 4),
        warning=_warning(effective, supported),
    )


def _rate(gained: Floats, weighed: Floats, users: NDArray[np.int64], seed: int) -> Measure:
    """The ratio of the sums of two columns (n,)."""
    columns = np.stack([np.bincount(users, gained), np.bincount(users, weighed)], axis=1)
    sums = np.concatenate([drawn @ columns for drawn in weights(len(columns), seed)])
    sums = sums[sums[:, 1] > 0]
    return interval(gained.sum() / weighed.sum(), sums[:, 0] / sums[:, 1])


def _warning(effective: float, supported: float) -> str:
    if effective < FEW:
        return f"only {effective:.0f} effective showings: the log explores too little (MOODSTREAM_EXPLORE)"
    if supported < SUPPORTED:
        return (
            f"the log tells of {supported:.0%} of what the bundle shows: it ranks too differently for what was explored"
        )
    return ""


def showings_of(log: Sequence[Logged], agreed: Mapping[int, Sequence[bool]]) -> Iterator[Showing]:
    """What was shown on those pages of the log, by their place in it, of which it is known whether the bundle agrees.

    What was taken is found by the learner's own rules. Pages whose window the log's end cuts are left out.
    """
    pages, _, _ = pages_of(log)
    end = max((event.time for event in log), default=0)
    for place, agrees in agreed.items():
        event, page = log[place], pages.get(place)
        if page is None or not isinstance(event, Impression) or event.time + WINDOW_MS >= end:
            continue
        fates = dict(zip(page.items, page.fates, strict=True))
        for one, agree in zip(event.shown, agrees, strict=False):
            yield Showing(event.user_id, one.propensity, fates[one.item_id] == TAKEN, agree)
