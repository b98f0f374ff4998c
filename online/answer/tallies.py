"""What the shared counts say of one request: how often each item was taken, by whom, where, and beside what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from online.answer.catalogue import Floats, Rows
from online.answer.counted import NOTHING, Counted, Sparse, Wanted, dense
from online.answer.deadline import Deadline
from online.answer.usual import BEFORE, FAMILIES, OF_SCORED, Everywhere, Usual
from online.learn.counts import COVISITATION, EVERYWHERE, FOLLOWING, TOGETHER, TRENDING

TAKEN_LAST: Final = 30
"""Items taken last that co-visitation starts from."""
_PRIOR: Final = 20.0
"""Events in a context that its share of an item is drawn to everybody's with."""
_DOUBT: Final = 5.0
"""Added to what a share is a share of."""
_LEAST_SHARE: Final = 1e-3


class Beside:
    """What was taken beside some items, to be summed in several ways."""

    def __init__(self, parts: Sequence[Sparse], size: int) -> None:
        self.parts = parts
        self._size = size
        numbers, times = zip(*(parts or [NOTHING]), strict=True)
        self._lengths = np.array(list(map(len, numbers)), np.intp)
        self._numbers = np.concatenate(numbers, dtype=np.intp)
        self._times = np.concatenate(times, dtype=np.float64)

    def summed(self, weights: NDArray[np.float64]) -> Floats:
        """The counts (size,) beside the first of the items, each times its weight (k,)."""
        weights = weights[: len(self.parts)]
        each = weights.repeat(self._lengths[: len(weights)])
        times = np.bincount(self._numbers[: len(each)], self._times[: len(each)] * each, self._size)
        return times.astype(np.float32)


@dataclass(frozen=True)
class Tallies:
    """Dense arrays (size,) by number of item; all zero where the store is away."""

    size: int
    usual: Usual
    began: Floats
    """What users took who had taken as many items as this one."""
    contexts: Mapping[str, Floats]
    """By the name of the context's column."""
    last: Rows
    """Numbers of the items that the user took last, newest first, (k,)."""
    beside: Beside
    """What was taken beside each of them."""
    after: Sparse
    """What was taken next after the last one."""
    beside_unwanted: Beside
    """What was taken beside those that the user turned down or rated low of late."""

    def covisited(self, items: int, fade: float) -> Floats:
        """Counts beside the last `items`, each `fade` times the next newer one's."""
        return self.beside.summed(_fading(fade, items))

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Of which items anything was counted that this request reads."""
        usual = self.usual
        found = np.zeros(self.size, np.bool_)
        for times in (usual.taken, usual.week, usual.today, usual.now, self.began, *self.contexts.values()):
            found |= times > 0
        for part in (*self.beside.parts, self.after, *self.beside_unwanted.parts):
            found[part.numbers] = True
        return found

    @cached_property
    def alike(self) -> Floats:
        """The decayed sum of cosines with the last twenty (item-kNN, B. Sarwar et al., 2001)."""
        own = (self.usual.taken[self.last[:20]] + BEFORE) ** (OF_SCORED - 1)
        summed = self.beside.summed(_fading(0.75, 20)[: len(own)] * own)
        return np.asarray(summed / self.usual.taken_root, np.float32)

    @cached_property
    def share(self) -> Floats:
        """How large a part of what is taken beside the last ten each item is, as a logarithm."""
        whole = self.usual.taken[self.last[:10]] + _DOUBT
        summed = self.beside.summed(_fading(0.85, 10)[: len(whole)] / whole)
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
        return self.beside_unwanted.summed(np.ones(len(self.beside_unwanted.parts)))

    @cached_property
    def in_context(self) -> Floats:
        """How much oftener each item is taken in this context, all its columns together: naive Bayes, as a logarithm.

        Columns say the same again where they are many, so their sum is divided by the root of their number; this very
        context tells once more, the more the oftener it was met.
        """
        columns = [counts for name, counts in self.contexts.items() if name != TOGETHER and counts.any()]
        if not columns and TOGETHER not in self.contexts:
            return np.zeros(self.size, np.float32)
        usual = _PRIOR * self.usual.share
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
        if not counts.any():
            return np.zeros(self.size, np.float32)
        found = np.log((counts / self.usual.share + _PRIOR) / (counts.sum() + _PRIOR))
        return np.asarray(found, np.float32)


@lru_cache
def _fading(fade: float, items: int) -> NDArray[np.float64]:
    """(items,): what each is worth, `fade` times the next newer one."""
    return np.asarray(fade ** np.arange(items), np.float64)


@dataclass(frozen=True)
class Read:
    """What was read, sparse: it becomes `Tallies` once all its items have numbers; empty where the store is away."""

    everywhere: Everywhere = field(default_factory=Everywhere)
    began: Sparse = NOTHING
    contexts: Mapping[str, Sparse] = field(default_factory=dict)
    beside: Sequence[Sparse] = ()
    beside_unwanted: Sequence[Sparse] = ()
    after: Sparse = NOTHING

    def sparse(self) -> Iterator[Sparse]:
        """All counts that were read."""
        yield from self.everywhere.counts
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
            everywhere=self.everywhere.renumbered(of),
            began=of(self.began),
            contexts={name: of(counts) for name, counts in self.contexts.items()},
            beside=[of(counts) for counts in self.beside],
            beside_unwanted=[of(counts) for counts in self.beside_unwanted],
            after=of(self.after),
        )

    def tallies(self, size: int, last: Rows, whole: int) -> Tallies:
        """Of `size` numbers, of `whole` items in all; `last` are the numbers of what was read beside."""
        return Tallies(
            size=size,
            usual=self.everywhere.usual(size, whole),
            began=dense(self.began, size),
            contexts={name: dense(counts, size) for name, counts in self.contexts.items()},
            last=last,
            beside=Beside(self.beside, size),
            after=self.after,
            beside_unwanted=Beside(self.beside_unwanted, size),
        )


class Tallier:
    """Reads what requests need of the counts; one for a process."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._everywhere = Everywhere()

    async def read(
        self,
        deadline: Deadline,
        last: Sequence[str],
        unwanted: Sequence[str],
        contexts: Mapping[str, str],
        nth: str | None,
    ) -> Read:
        """Read all of it in one go; raises `StoreUnavailable`."""
        parts: list[list[Wanted]] = [
            [(family, EVERYWHERE) for family in FAMILIES],
            [(TRENDING, name) for name in contexts.values()],
            [(COVISITATION, item) for item in last],
            [(COVISITATION, item) for item in unwanted],
            [(FOLLOWING, item) for item in last[:1]],
            [(TRENDING, nth)] if nth else [],
        ]
        found = iter(await self._counted.read([one for part in parts for one in part], deadline))
        everywhere, context, beside, beside_unwanted, after, began = ([next(found) for _ in part] for part in parts)
        if not self._everywhere.are(everywhere):
            self._everywhere = Everywhere(everywhere)
        return Read(
            everywhere=self._everywhere,
            began=began[0] if began else NOTHING,
            contexts=dict(zip(contexts, context, strict=True)),
            beside=beside,
            beside_unwanted=beside_unwanted,
            after=after[0] if after else NOTHING,
        )
