"""What a bundle alone says of a user as they were when it was trained: a nightly job's answer, beside the live one."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from contracts.hashing import hash64
from model.index import FIRST
from online.answer.answered import Recommended, Untouched
from online.answer.catalogue import Catalogue
from online.answer.deadline import Deadline
from online.answer.likely import likely_of
from online.answer.view import View, Viewer
from online.learn.advance import advance
from online.learn.fold import Working
from online.store.seen import SeenFilter
from online.store.state import HISTORY, Entry, UserState

_MOST_SEEN = 5000
NO_BUNDLE = "bundle: without one there is nothing that was trained"
TRIMMED = f"history: only the last {HISTORY} events are kept, and older ones were trained on, too"


class Cut(NamedTuple):
    """A user's history at the last event that the bundle was trained on."""

    before: list[Entry]
    after: list[Entry]

    def had(self, items: Sequence[str], seen: SeenFilter) -> NDArray[np.bool_]:
        """(n,): which of these items the user had by then, as far as that is known: what was first met later is not."""
        before = {entry.item for entry in self.before}
        since = {entry.item for entry in self.after} - before
        found = seen.contains(np.array([hash64(item) for item in items], np.uint64))
        return np.array([item in before or (hit and item not in since) for item, hit in zip(items, found, strict=True)])


class AsTrained:
    """Ranks by the encoder alone: what was counted, said or learned since has no part in it."""

    def __init__(self, viewer: Viewer, clock: Callable[[], int], store_timeout_s: float) -> None:
        self._viewer = viewer
        self._clock = clock
        self._timeout = store_timeout_s

    async def answer(self, user_id: str, n: int) -> Untouched:
        """The first n items, whatever is down; `degraded` says what that was."""
        view = await self._viewer.view(user_id, "", self._clock(), Deadline(self._timeout))
        cut = _cut(view)
        items, reasons = [], list(view.degraded)
        if view.catalogue.bundle is None:
            reasons.append(NO_BUNDLE)
        else:
            items = await asyncio.to_thread(_foremost, view, cut, n)
        if cut.after and len(view.user.history) == HISTORY:
            reasons.append(TRIMMED)
        return Untouched(
            request_id=uuid.uuid4().hex,
            bundle=view.catalogue.version,
            watermark=view.watermark,
            degraded=reasons,
            user_id=user_id,
            until=view.catalogue.bundle.watermark.time if view.catalogue.bundle else None,
            events=len(cut.before),
            since=len(cut.after),
            items=items,
        )


def _cut(view: View) -> Cut:
    until = view.catalogue.bundle.watermark.time if view.catalogue.bundle else 0
    history = list(view.user.history)
    return Cut([one for one in history if one.time <= until], [one for one in history if one.time > until])


def _foremost(view: View, cut: Cut, n: int) -> list[Recommended]:
    catalogue, state = view.catalogue, _state(view, cut)
    likely = likely_of(catalogue, state, 0, state.time)
    if likely is None:
        return []
    among = catalogue.shown(()).copy()
    among[_known(catalogue) :] = False
    rows = likely.best(min(n + view.user.seen.count, _MOST_SEEN), among)
    rows = rows[np.argsort(-likely.of(rows), kind="stable")]
    left = rows[~cut.had(catalogue.ids(rows), view.user.seen)][:n] if len(rows) else rows
    return [_shown(catalogue, row, score) for row, score in zip(left.tolist(), likely.of(left).tolist(), strict=True)]


def _shown(catalogue: Catalogue, row: int, score: float) -> Recommended:
    item = catalogue.items[row - FIRST]
    return Recommended(
        item_id=item.item_id,
        title=item.title,
        categories=item.categories,
        image=item.image,
        score=score,
        sources=["embedding"],
    )


def _known(catalogue: Catalogue) -> int:
    """The rows of the items that the bundle was trained with end here."""
    return FIRST + (len(catalogue.bundle.catalogue) if catalogue.bundle else 0)


def _state(view: View, cut: Cut) -> UserState:
    """The user after the events before the cut, by the very steps that the stream takes."""
    if view.catalogue.bundle is None:
        return UserState()
    user = Working(view.user.user_id, None, view.catalogue.version, "")
    user.pending = list(cut.before)
    (state,) = advance([user], view.catalogue.bundle)
    last = cut.before[-1].time if cut.before else 0
    return structs.replace(state, time=last, count=len(cut.before))
