"""Who reads which shards: each adapter takes what is nobody's up to its share, and gives away what it has too much of.

Nobody takes from one who lives: so a shard changes hands with a checkpoint that says all, and what is read twice is
what a crash leaves. (The Kinesis Client Library steals, one lease at a time.)
"""

import random
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Final, NamedTuple

from stream.sources.kinesis.leases import Adapter, Lease, Rows

_GONE_S: Final = 600.0


class Watch:
    """Since when each row stands as it is, by this process' own clock."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._seen: dict[str, tuple[Hashable, float]] = {}

    def see(self, rows: Rows, now: float) -> None:
        """Rows as they were just read; `now` is monotonic seconds."""
        there: dict[str, Hashable] = {
            **{f"shard {lease.shard}": lease for lease in rows.leases.values()},
            **{f"adapter {one.name}": one.counter for one in rows.adapters.values()},
        }
        before = self._seen
        self._seen = {
            name: before[name] if name in before and before[name][0] == row else (row, now)
            for name, row in there.items()
        }

    def still(self, lease: Lease, now: float) -> float:
        """For how long nothing was written to this lease."""
        return now - self._seen[f"shard {lease.shard}"][1]

    def is_held(self, lease: Lease, now: float) -> bool:
        """Whether its owner renews it."""
        return bool(lease.owner) and self.still(lease, now) <= self._patience_s

    def gone(self, rows: Rows, shards: Collection[str], now: float) -> list[Lease]:
        """The leases of shards that the stream doesn't list and that nobody has written to for long.

        A list may be older than another adapter's, and lack a shard that was just made; but nobody is slow for so long.
        """
        unlisted = [lease for lease in rows.leases.values() if lease.shard not in shards]
        return [lease for lease in unlisted if self.still(lease, now) > _GONE_S]

    def living(self, rows: Rows, now: float) -> dict[str, Adapter]:
        """The adapters that were heard of of late."""
        return {
            name: one
            for name, one in rows.adapters.items()
            if now - self._seen[f"adapter {name}"][1] <= self._patience_s
        }


class Plan(NamedTuple):
    """What one adapter is to do now."""

    take: list[Lease]
    give: int


def plan(
    mine: Collection[str],
    free: Sequence[Lease],
    left: Collection[str],
    held: Mapping[str, str],
    others: Mapping[str, Adapter],
    room: int,
) -> Plan:
    """What to take of the `free` leases, and how many of `mine` to give away.

    `left` are those of the free ones that nobody has wanted for long, so that they're taken beyond one's share; `held`
    says who holds each of the others' shards; `room` is how many more this adapter may have at all.
    """
    owned = Counter(held.values())
    share = -(-(len(mine) + len(free) + len(held)) // (len(others) + 1))
    wanted = [lease for lease in free if lease.shard in left]
    some = random.sample(free, min(len(free), max(0, share - len(mine))))
    take = list(dict.fromkeys([*some, *wanted]))[: max(0, room)]
    least = min((owned[name] for name, one in others.items() if one.room > 0), default=len(mine))
    give = max(1, len(mine) - share) if not free and len(mine) - least >= 2 else 0
    return Plan(take, give)
