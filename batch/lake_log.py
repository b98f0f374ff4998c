"""The log as the lake holds it: all partitions in one, with the newest impressions, and no more than fits."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.holding import Holding
from batch.log import Log
from batch.plan import MOST
from online.lake.read import TRAINING, Positions, parts


class Held(NamedTuple):
    """What was read of a lake."""

    log: Log
    share: float
    """Of the users whose events these are, in (0, 1]: 1 where everything fits."""


def log_of(
    url: str,
    namespace: str,
    *,
    since: int | None = None,
    before: Positions | None = None,
    most: int = MOST,
    salt: str = "",
) -> Held:
    """The lake's events and newest impressions that arrived from `since` on (UTC ms), in the order of arrival.

    Each partition's order stays, so a user's does. Of more than `most` events (0: no limit) it has everything of some
    users, drawn by their ids: another `salt` draws others. Raises `Unavailable`, `StateUnreadable` for a damaged file.
    """
    holding = Holding(most, salt)
    for part in parts(url, namespace, since=since, before=before, columns=TRAINING):
        holding.take(part)
    return Held(holding.log(), holding.share)


def drawn(share: float) -> str:
    """Of whom the events are, in words; nothing where all fit."""
    return "" if share == 1 else f" (all that one in {1 / share:.0f} users did: no more fits)"


def by_arrival(partition: NDArray[np.int32], arrival: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows (n,) in their new order; a clock that was set back moves no event before an earlier one."""
    latest = arrival.copy()
    for one in np.unique(partition):
        own = partition == one
        latest[own] = np.maximum.accumulate(arrival[own])
    return np.argsort(latest, kind="stable")
