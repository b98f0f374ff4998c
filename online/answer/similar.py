"""Items like another: near it by vector, and taken beside it by the same users."""

import uuid
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from contracts.errors import StoreUnavailable
from model import scoring
from model.index import FIRST, UNKNOWN
from online.answer.answered import Recommended, SimilarItems
from online.answer.catalogue import Catalogue, Floats, Rows
from online.answer.counted import STALE_MS, Counted
from online.answer.deadline import Deadline
from online.answer.lag import Stream
from online.answer.library import Library
from online.answer.numbers import Numbers
from online.learn.counts import COVISITATION
from online.store.protocol import Store

Found = Mapping[str, float]
"""Item id → how strongly it is like the one, the strongest first."""
BREADTH: Final = 300
_COUNT_WEIGHT: Final = 0.25
"""What a natural logarithm of the co-visitation counts beside a cosine."""


class Similar:
    """Answers which items are like one."""

    def __init__(
        self,
        store: Store,
        library: Library,
        stream: Stream,
        clock: Callable[[], int],
        store_timeout_s: float,
        stale_ms: int = STALE_MS,
    ) -> None:
        self._numbers = Numbers()
        self._counted = Counted(store, self._numbers, clock, stale_ms)
        self._library = library
        self._stream = stream
        self._clock = clock
        self._timeout = store_timeout_s

    async def similar(self, item_id: str, n: int, *, explain: bool = False) -> SimilarItems:
        """The n items most like this one; popular ones, and why, where nothing is known of it."""
        deadline = Deadline(self._timeout)
        catalogue = self._library.current
        degraded = self._library.reasons()
        try:
            beside = await self._beside(item_id, deadline)
        except StoreUnavailable as error:
            beside = {}
            degraded.append(f"store: {error}")
        near = _near(catalogue, item_id)
        if catalogue.row(item_id) == UNKNOWN:
            degraded.append(f"item: nobody has described {item_id}")
        items = _ranked(catalogue, item_id, near, beside, n, explain)
        if not items:
            items = _popular(catalogue, item_id, n)
            degraded.append("items: nothing is known to be like it, so popular items are shown" if items else _NOTHING)
        lag = await self._stream.whole(deadline)
        return SimilarItems(
            request_id=uuid.uuid4().hex,
            bundle=catalogue.version,
            lag=lag.events,
            degraded=list(dict.fromkeys([*degraded, *lag.degraded])),
            item_id=item_id,
            title=catalogue.item(item_id).title,
            items=items,
        )

    async def _beside(self, item_id: str, deadline: Deadline) -> Found:
        """What was taken beside it, by decayed counts."""
        (counts,) = await self._counted.read([(COVISITATION, item_id)], deadline)
        found: dict[str, float] = {}
        ids = self._numbers.ids[counts.numbers].tolist()
        for other, times in zip(ids, counts.times.tolist(), strict=True):
            found[other] = found.get(other, 0.0) + times
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


_NOTHING: Final = "items: there is nothing to show"


def _near(catalogue: Catalogue, item_id: str) -> Found:
    """Items by the cosine of their vectors, where it is positive."""
    row = catalogue.row(item_id)
    if row == UNKNOWN or not catalogue.vectors.shape[1]:
        return {}
    rows = _looked_at(catalogue, row)
    (own,) = catalogue.directions_of(np.array([row], np.int32))
    cosines = catalogue.directions_of(rows) @ own
    best = scoring.top(cosines, BREADTH)
    best = best[cosines[best] > 0]
    return dict(zip(catalogue.ids(rows[best]), cosines[best].tolist(), strict=True))


def _looked_at(catalogue: Catalogue, row: int) -> Rows:
    """All items; in a large catalogue those that the index finds near this one, and those that it doesn't know."""
    bundle = catalogue.bundle
    if bundle is None or bundle.nearest is None:
        return np.arange(FIRST, len(catalogue), dtype=np.int32)
    (vector,) = catalogue.vectors[np.array([row], np.int32)]
    return np.concatenate(
        [bundle.nearest.read(vector).rows, np.arange(len(bundle.index), len(catalogue), dtype=np.int32)]
    )


def _ranked(catalogue: Catalogue, item_id: str, near: Found, beside: Found, n: int, explain: bool) -> list[Recommended]:
    ids = [item for item in dict.fromkeys([*near, *beside]) if _may_show(catalogue, item, item_id)]
    parts: dict[str, Floats] = {
        "embedding": _column([near.get(item, 0.0) for item in ids]),
        "covisitation": _logs([beside.get(item, 0.0) for item in ids]) * np.float32(_COUNT_WEIGHT),
    }
    scores = parts["embedding"] + parts["covisitation"]
    found = {"embedding": near, "covisitation": beside}
    return [
        _shown(
            catalogue,
            ids[place],
            float(scores[place]),
            [name for name, items in found.items() if ids[place] in items],
            {name: float(part[place]) for name, part in parts.items()} if explain else None,
        )
        for place in scoring.top(scores, n).tolist()
    ]


def _popular(catalogue: Catalogue, item_id: str, n: int) -> list[Recommended]:
    ids = [
        item for item in catalogue.ids(catalogue.by_popularity[: 2 * n + 100]) if _may_show(catalogue, item, item_id)
    ]
    return [
        _shown(catalogue, item, float(catalogue.popularity[catalogue.row(item)]), ["popularity"], None)
        for item in ids[:n]
    ]


def _may_show(catalogue: Catalogue, item: str, like: str) -> bool:
    return item != like and not catalogue.withdrawn[catalogue.row(item)]


def _shown(
    catalogue: Catalogue, item_id: str, score: float, sources: list[str], parts: dict[str, float] | None
) -> Recommended:
    item = catalogue.item(item_id)
    return Recommended(
        item_id=item_id,
        title=item.title,
        categories=item.categories,
        image=item.image,
        score=score,
        sources=sources,
        parts=parts,
    )


def _column(values: list[float]) -> Floats:
    return np.array(values, np.float32)


def _logs(counts: list[float]) -> Floats:
    return np.asarray(np.log1p(_column(counts)), np.float32)
