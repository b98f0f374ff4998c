"""The cut of leave-one-out: each user's last item is the test, the last but one the validation, the rest trains.

After W.-C. Kang and J. McAuley, 2018 (SASRec), and Z. Yue et al., 2024 (LRURec). Of the events only each user's order
counts: neither times nor values nor kinds are seen, as in what is published.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.dataset import UserEvent
from batch.log import Log
from batch.replay import is_target
from contracts.errors import Misconfigured
from contracts.kinds import ORDER, Kind, weight

LEAST: Final = 3
"""Events of a user who is measured; shorter histories only train."""
_KIND: Final[Kind] = "click"


class LeftOut(NamedTuple):
    """A log in three stretches, each user's order kept: what trains, what validates, what tests."""

    log: Log
    validation: int
    """The place in the log where the validation begins."""
    test: int

    def of_users(self, users: NDArray[np.object_]) -> "LeftOut":
        """The same of these users alone."""
        kept = np.isin(self.log.user.astype(str), users.astype(str))
        before = np.cumsum(np.concatenate([[0], kept]))
        rows = zip(self.log.user[kept], self.log.item[kept], strict=True)
        return LeftOut(_log(list(rows)), int(before[self.validation]), int(before[self.test]))


def left_out(events: Sequence[UserEvent]) -> LeftOut:
    """Cut the events, which are in order. Raises `Misconfigured` where no user has three of them."""
    taken: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        if is_target(event):
            taken[event.user_id].append(event.item_id)
    measured = [user for user, items in taken.items() if len(items) >= LEAST]
    if not measured:
        raise Misconfigured(f"no user has {LEAST} events, so none can be left out")
    held = set(measured)
    rows = [(user, item) for user, items in taken.items() for item in (items[:-2] if user in held else items)]
    validation, test = len(rows), len(rows) + len(measured)
    rows += [(user, taken[user][-2]) for user in measured] + [(user, taken[user][-1]) for user in measured]
    return LeftOut(_log(rows), validation, test)


def _log(rows: Sequence[tuple[str, str]]) -> Log:
    count = len(rows)
    return Log(
        user=np.array([user for user, _ in rows], np.object_),
        item=np.array([item for _, item in rows], np.object_),
        kind=np.full(count, ORDER.index(_KIND), np.int32),
        weight=np.full(count, weight(_KIND, None), np.float32),
        mood=np.zeros(count, np.int32),
        time=np.zeros(count, np.int64),
        value=np.full(count, np.nan),
        context=np.full(count, None, np.object_),
        shown=np.full(count, None, np.object_),
    )
