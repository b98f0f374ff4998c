"""What users chose and what of that they were shown they left, found in a log by the code that the learner runs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from batch.replay import Logged, is_target
from contracts.events import Impression, Interaction
from online.learn.enrich import Enricher
from online.learn.impressions import WINDOW_MS, show, take
from online.store.impressions import TAKEN, TURNED_DOWN, UNDECIDED, Impressions, Page


class Choice(NamedTuple):
    """One item that a user took."""

    taken: Interaction
    left: Sequence[str] = ()
    """What stood on the same page and was turned down or, `WINDOW_MS` being over, abandoned."""


def choices(log: Sequence[Logged]) -> Mapping[int, list[Choice]]:
    """What was taken, by the place in the log before which to ask for it, the log being in its order.

    That is the impression from which it was taken, the newest of several: later, all that is on it is tiring already,
    and a ranker would learn that what tires is taken. It is the event itself where the item wasn't on any page whose
    window was open. Of an item that was settled without being taken (by half a star) nothing is asked.
    """
    pages, took, settled = pages_of(log)
    end = max((event.time for event in log), default=0)
    asked = {at: [Choice(event)] for at, event in enumerate(log) if is_target(event) and at not in settled}
    shown = {at: (page, taken) for at, page in pages.items() if (taken := took.get(id(page)))}
    return {
        **asked,
        **{at: [Choice(event, _left(page, end)) for event in taken] for at, (page, taken) in shown.items()},
    }


def outcomes(log: Sequence[Logged], window_ms: int = WINDOW_MS) -> Iterator[tuple[Impression, bool]]:
    """The impressions of a log, in its order, whose window was over by its end, and whether anything was taken."""
    pages, took, _ = pages_of(log)
    end = max((event.time for event in log), default=0)
    for at, page in pages.items():
        shown = log[at]
        if isinstance(shown, Impression) and page.time + window_ms < end:
            yield shown, any(taken.time <= page.time + window_ms for taken in took.get(id(page), ()))


Pages = tuple[dict[int, Page], dict[int, list[Interaction]], set[int]]


def pages_of(log: Sequence[Logged]) -> Pages:
    """The pages by their place in the log; what was taken from each, by its identity; and places that settled any."""
    of_users = {event.user_id: Impressions() for event in log if isinstance(event, Impression)}
    pages: dict[int, Page] = {}
    took: defaultdict[int, list[Interaction]] = defaultdict(list)
    settled: set[int] = set()
    enricher = Enricher()
    for at, event in enumerate(log):
        shown = of_users.get(event.user_id)
        if shown is None:
            continue
        row = enricher.enrich(event, partition=0, offset=at, arrival=event.time)
        if isinstance(event, Impression):
            if show(shown, event, row) and event.shown:
                pages[at] = shown.pages[-1]
        elif isinstance(event, Interaction):
            open_ = [page for page in shown.pages if _fate(page, event.item_id) == UNDECIDED]
            take(shown, event.item_id, row)
            fates = [_fate(page, event.item_id) for page in open_]
            if any(fate != UNDECIDED for fate in fates):
                settled.add(at)
            if TAKEN in fates:
                newest = max(place for place, fate in enumerate(fates) if fate == TAKEN)
                took[id(open_[newest])].append(event)
    return pages, took, settled


def _fate(page: Page, item: str) -> int | None:
    return page.fates[page.items.index(item)] if item in page.items else None


def _left(page: Page, end: int) -> list[str]:
    fates = {TURNED_DOWN, UNDECIDED} if page.time + WINDOW_MS < end else {TURNED_DOWN}
    return [item for item, fate in zip(page.items, page.fates, strict=True) if fate in fates]
