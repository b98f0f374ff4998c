"""What a user was shown and what became of it: taken within the window, or abandoned; a pure function of their events.

Events count as they come in the log; an event's time only says whose window is over. A page is decided as a whole, when
the user's first event after its window comes: what was taken is known at once, what was abandoned only then, and a
calibrator that heard of the one before the other would think that nearly everything is taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.events import Impression
from contracts.hashing import hash64
from online.learn.enrich import Enriched
from online.store.impressions import (
    MOST_TIMES,
    NO_OUTCOME,
    TAKEN,
    TURNED_DOWN,
    UNDECIDED,
    Impressions,
    Outcomes,
    Page,
    float32,
)
from online.store.state import id_hash

WINDOW_MS: Final = 30 * 60 * 1000
"""By event time: an item that nothing was done with so long after it was shown was abandoned. Half an hour of silence
is where web analytics end a session: what is taken later was hardly taken for having been shown."""
_WAITING: Final = 200
"""Showings that wait for their window's end; beyond, the oldest page is decided before it."""
_PASSED_OVER: Final = 128
"""Items of which it is known how often they were passed over: the last ones."""
KEPT: Final = 8
"""Events of which it is kept what they found out: a store comes back a few seconds older than it was, and nobody acts
as fast."""
_IDS: Final = 256
"""Impressions that are known when they are sent again, as events are."""
_MINUTE_MS: Final = 60_000
_HALF: Final = 24 * 60
"""Minutes until a showing tires half as much."""
_FORGOTTEN: Final = 7 * _HALF


def fatigue(shown: Impressions, now: int) -> Mapping[str, float]:
    """Item id → how often it was shown of late without being taken, faded by age; no items when none.

    `now` is UTC ms. Showings whose window isn't over count too: what was on the last page is tiring on this one.
    """
    minute = now // _MINUTE_MS
    faded = {last: 0.5 ** (max(0, minute - last) / _HALF) for last in {last for _, last in shown.passed_over.values()}}
    tired = {item: times * faded[last] for item, (times, last) in shown.passed_over.items()}
    for page in shown.pages:
        fade = 0.5 ** (max(0, minute - page.time // _MINUTE_MS) / _HALF)
        for item in _undecided(page):
            tired[item] = tired.get(item, 0.0) + fade
    return tired


def _undecided(page: Page) -> list[str]:
    return [item for item, fate in zip(page.items, page.fates, strict=True) if fate == UNDECIDED]


def show(shown: Impressions, event: Impression, row: Enriched) -> bool:
    """Take in an impression; False for one that was taken in before."""
    known = id_hash(event.event_id)
    if known in shown.ids:
        return False
    close(shown, row.time, row.offset)
    shown.ids = [*shown.ids, known][-_IDS:]
    if by_item := {one.item_id: one for one in event.shown}:
        positions = [one.position for one in by_item.values()]
        scores = [float32(one.score) for one in by_item.values()]
        fates = [UNDECIDED] * len(by_item)
        shown.pages.append(Page(row.time, hash64(event.request_id), list(by_item), positions, scores, fates))
    while len(shown.pages) > 1 and sum(len(page.items) for page in shown.pages) > _WAITING:
        _decide(shown, [shown.pages.pop(0)], row.offset)
    return True


def close(shown: Impressions, time: int, offset: int) -> None:
    """Decide what was shown more than the window before `time` (UTC ms), as the event at this offset finds."""
    over = [page for page in shown.pages if page.time + WINDOW_MS < time]
    if over:
        shown.pages = [page for page in shown.pages if page.time + WINDOW_MS >= time]
        _decide(shown, over, offset)


def take(shown: Impressions, item: str, row: Enriched) -> None:
    """An interaction with an item settles its showings, as positives if it shows liking, and ends its fatigue.

    Where it names a request that showed the item, only that showing counts as taken: the others have no outcome.
    """
    close(shown, row.time, row.offset)
    shown.passed_over.pop(item, None)
    fate = TAKEN if row.weight > 0 else TURNED_DOWN
    showing = [page for page in shown.pages if item in page.items]
    request = hash64(row.request_id) if row.request_id else None
    named = [page for page in showing if page.request == request]
    for page in showing:
        at = page.items.index(item)
        if page.fates[at] == UNDECIDED:
            page.fates[at] = fate if page in (named or showing) else NO_OUTCOME


def decided(shown: Impressions, offset: int) -> Iterator[Outcomes]:
    """What the event at this offset found out, as long as it is kept."""
    return (outcomes for outcomes in shown.outcomes if outcomes.offset == offset)


def _decide(shown: Impressions, pages: Sequence[Page], offset: int) -> None:
    found = Outcomes(offset, [], [], [])
    if shown.outcomes and shown.outcomes[-1].offset == offset:
        found = shown.outcomes.pop()
    for page in pages:
        _pass_over(shown, page)
        for position, score, fate in zip(page.positions, page.scores, page.fates, strict=True):
            if fate != NO_OUTCOME:
                found.positions.append(position)
                found.scores.append(score)
                found.taken.append(fate == TAKEN)
    if found.taken:
        shown.outcomes = [*shown.outcomes, found][-KEPT:]


def _pass_over(shown: Impressions, page: Page) -> None:
    """What nobody took tires; what did so long ago is forgotten."""
    minute = page.time // _MINUTE_MS
    for item in _undecided(page):
        times, last = shown.passed_over.pop(item, (0, 0))
        shown.passed_over[item] = (min(times + 1, MOST_TIMES), max(last, minute))
    while shown.passed_over:
        oldest = next(iter(shown.passed_over))
        if len(shown.passed_over) <= _PASSED_OVER and minute - shown.passed_over[oldest][1] <= _FORGOTTEN:
            break
        del shown.passed_over[oldest]
