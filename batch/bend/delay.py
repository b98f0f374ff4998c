"""Delay: some users' events arrive late from now on, though they happened when they happened."""

import random
from heapq import merge
from typing import Final

from batch.bend.change import Log, fields_of
from batch.bend.told import Bend
from online.learn.outgoing import Raw

LATE_MS: Final = 3_600_000


def delay(log: Log, bend: Bend, rng: random.Random) -> Log:
    """All that a share of the users do arrives an hour late, in its order."""
    late: dict[str, bool] = {}
    on_time, delayed = list[Raw](), list[Raw]()
    for raw in log:
        user = str((fields_of(raw) or {}).get("user_id", "")) if raw.time >= bend.since else ""
        if user and user not in late:
            late[user] = rng.random() < bend.strength
        if user and late[user]:
            delayed.append(raw._replace(time=raw.time + LATE_MS))
        else:
            on_time.append(raw)
    return list(merge(on_time, delayed, key=lambda raw: raw.time))
