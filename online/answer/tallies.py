"""What the shared counts say of one request: how often each item was taken, by whom, where, and beside what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from online.answer.catalogue import Floats, Rows
from online.answer.counted import NOTHING, Counted, Sparse, Wanted, dense
from online.answer.deadline import Deadline
from online.learn.counts import COVISITATION, EVERYWHERE, FOLLOWING, LIKING, NOW, TAKEN, TODAY, TOGETHER, TRENDING

TAKEN_LAST: Final = 30
"""Items taken last that co-visitation starts from."""
_PRIOR: Final = 20.0
"""Events in a context that its share of an item is drawn to everybody's with."""
_RARE: Final = 0.5
"""A count that an item nobody took is taken to have."""
RARELY: Final = 0.05
"""The same where its logarithm is all that is known of an item."""
_DOUBT: Final = 5.0
"""Added to what a share is a share of."""
_BEFORE: Final = 10.0
"""The same where a cosine is taken."""
_OF_SCORED: Final = 0.4
"""The root that a cosine takes of how often the item itself is taken; the other's takes the rest."""
_LEAST_SHARE: Final = 1e-3
_EVERYWHERE: Final = (TAKEN, LIKING, TRENDING, TODAY, NOW)


@dataclass(frozen=True)
class Tallies:
    """Dense arrays (size,) by number of item; all zero where the store is away."""

    size: int
    whole: int
    """Items in all, those that have no number here included."""
    taken: Floats
    liking: Floats
    """The sum of weights, in tenths."""
    week: Floats
    today: Floats
    now: Floats
    began: Floats
    """What users took who had taken as many items as this one."""
    contexts: Mapping[str, Floats]
    """By the name of the context's column."""
    last: Rows
    """Numbers of the items that the user took last, newest first, (k,)."""
    beside: Sequence[Sparse]
    """What was taken beside each of them."""
    after: Sparse
    """What was taken next after the last one."""
    beside_unwanted: Sequence[Sparse]
    """What was taken beside those that the user turned down or rated low of late."""
    cache: dict[tuple[int, float], Floats] = field(default_factory=dict, repr=False)

    def covisited(self, items: int, fade: float) -> Floats:
        """Counts beside the last `items`, each `fade` times the next newer one's."""
        key = items, fade
        if key not in self.cache:
            self.cache[key] = self._summed(self.beside[:items], fade ** np.arange(min(items, len(self.beside))))
        return self.cache[key]

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Of which items anything was counted that this request reads."""
        found = np.zeros(self.size, np.bool_)
        for times in (self.taken, self.week, self.today, self.now, self.began, *self.contexts.values()):
            found |= times > 0
        for part in (*self.beside, self.after, *self.beside_unwanted):
            found[part.numbers] = True
        return found

    @cached_property
    def alike(self) -> Floats:
        """The decayed sum of cosines with the last twenty (item-kNN, B. Sarwar et al., 2001)."""
        total = self.taken + _BEFORE
        beside = self.beside[:20]
        own = total[self.last[: len(beside)]] ** (_OF_SCORED - 1)
        summed = self._summed(beside, 0.75 ** np.arange(len(beside)) * own)
        return np.asarray(summed / total**_OF_SCORED, np.float32)

    @cached_property
    def share(self) -> Floats:
        """How large a part of what is taken beside the last ten each item is, as a logarithm."""
        beside = self.beside[:10]
        whole = self.taken[self.last[: len(beside)]] + _DOUBT
        summed = self._summed(beside, 0.85 ** np.arange(len(beside)) / whole)
        return np.asarray(np.log(summed + _LEAST_SHARE), np.float32)

    @cached_property
    def following(self) -> Floats:
        """What was taken next after the last item."""
        return dense(self.after, self.size)

    @cached_property
    def following_share(self) -> Floats:
        """The same as the logarithm of a share of all that was."""
        whole = self.following.sum() + _DOUBT
        return np.asarray(np.log(self.following / whole + _LEAST_SHARE), np.float32)

    @cached_property
    def unwanted(self) -> Floats:
        """Counts beside what the user turned down."""
        return self._summed(self.beside_unwanted, np.ones(len(self.beside_unwanted)))

    @cached_property
    def in_context(self) -> Floats:
        """How much oftener each item is taken in this context, all its columns together: naive Bayes, as a logarithm.

        Columns say the same again where they are many, so their sum is divided by the root of their number; this very
        context tells once more, the more the oftener it was met.
        """
        columns = [counts for name, counts in self.contexts.items() if name != TOGETHER and counts.any()]
        usual = _PRIOR * self._anywhere
        found = sum((np.log1p(counts / usual) for counts in columns), np.zeros(self.size))
        whole = self.contexts.get(TOGETHER, np.zeros(1))
        met = whole.sum() / (whole.sum() + _PRIOR)
        return np.asarray(found / np.sqrt(max(1, len(columns))) + met * np.log1p(whole / usual), np.float32)

    @cached_property
    def nth(self) -> Floats:
        """How much likelier each item is as what comes after so many than anywhere."""
        return self._lift(self.began)

    def lift(self, column: str) -> Floats:
        """How much likelier each item is with the context's value of this column than anywhere."""
        return self._lift(self.contexts[column])

    def _lift(self, counts: Floats) -> Floats:
        """A logarithm drawn to 0 where little is known."""
        found = np.log((counts / self._anywhere + _PRIOR) / (counts.sum() + _PRIOR))
        return np.asarray(found, np.float32)

    @cached_property
    def _anywhere(self) -> Floats:
        """Each item's share of all that is taken these weeks."""
        return np.asarray((self.week + _RARE) / (self.week.sum() + _RARE * self.whole), np.float32)

    def _summed(self, parts: Sequence[Sparse], weights: NDArray[Any]) -> Floats:
        if not parts:
            return np.zeros(self.size, np.float32)
        lengths = [len(part.numbers) for part in parts]
        times = np.concatenate([part.times for part in parts]) * np.repeat(weights, lengths)
        return np.bincount(np.concatenate([part.numbers for part in parts]), times, self.size).astype(np.float32)


@dataclass(frozen=True)
class Read:
    """What was read, sparse: it becomes `Tallies` once all its items have numbers; empty where the store is away."""

    everywhere: Sequence[Sparse] = (NOTHING,) * len(_EVERYWHERE)
    """Of each of `_EVERYWHERE`."""
    began: Sparse = NOTHING
    contexts: Mapping[str, Sparse] = field(default_factory=dict)
    beside: Sequence[Sparse] = ()
    beside_unwanted: Sequence[Sparse] = ()
    after: Sparse = NOTHING

    def sparse(self) -> Iterator[Sparse]:
        """All counts that were read."""
        yield from self.everywhere
        yield self.began
        yield from self.contexts.values()
        yield from self.beside
        yield from self.beside_unwanted
        yield self.after

    def renumbered(self, number: Callable[[Rows], Rows]) -> "Read":
        """The same counts, of items by other numbers."""

        def of(counts: Sparse) -> Sparse:
            return Sparse(number(counts.numbers), counts.times)

        return Read(
            everywhere=[of(counts) for counts in self.everywhere],
            began=of(self.began),
            contexts={name: of(counts) for name, counts in self.contexts.items()},
            beside=[of(counts) for counts in self.beside],
            beside_unwanted=[of(counts) for counts in self.beside_unwanted],
            after=of(self.after),
        )

    def tallies(self, size: int, last: Rows, whole: int) -> Tallies:
        """Of `size` numbers, of `whole` items in all; `last` are the numbers of what was read beside."""
        taken, liking, week, today, now = (dense(counts, size) for counts in self.everywhere)
        return Tallies(
            size=size,
            whole=whole,
            taken=taken,
            liking=liking,
            week=week,
            today=today,
            now=now,
            began=dense(self.began, size),
            contexts={name: dense(counts, size) for name, counts in self.contexts.items()},
            last=last,
            beside=self.beside,
            after=self.after,
            beside_unwanted=self.beside_unwanted,
        )


async def read_counts(
    counted: Counted,
    deadline: Deadline,
    last: Sequence[str],
    unwanted: Sequence[str],
    contexts: Mapping[str, str],
    nth: str | None,
) -> Read:
    """Read all of it in one go; raises `StoreUnavailable`."""
    parts: list[list[Wanted]] = [
        [(family, EVERYWHERE) for family in _EVERYWHERE],
        [(TRENDING, name) for name in contexts.values()],
        [(COVISITATION, item) for item in last],
        [(COVISITATION, item) for item in unwanted],
        [(FOLLOWING, item) for item in last[:1]],
        [(TRENDING, nth)] if nth else [],
    ]
    found = iter(await counted.read([one for part in parts for one in part], deadline))
    everywhere, context, beside, beside_unwanted, after, began = ([next(found) for _ in part] for part in parts)
    return Read(
        everywhere=everywhere,
        began=began[0] if began else NOTHING,
        contexts=dict(zip(contexts, context, strict=True)),
        beside=beside,
        beside_unwanted=beside_unwanted,
        after=after[0] if after else NOTHING,
    )
