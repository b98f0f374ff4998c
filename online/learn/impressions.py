"""What a user was shown and what became of it: taken, or abandoned within the window; a pure function of their events.

Events count as they come in the log; an event's time only says whose window is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from contracts.events import Impression
from online.learn.enrich import Enriched
from online.store.impressions import Impressions, Outcomes, Page, PassedOver, float32
from online.store.state import hash64, id_hash

WINDOW_MS: Final = 30 * 60 * 1000
"""By event time: an item that nothing was done with so long after it was shown was abandoned. Half an hour of silence
is where web analytics end a session: what is taken later was hardly taken for having been shown."""
_UNDECIDED: Final = 200
"""Showings that wait for their window's end; beyond, the oldest impressions are abandoned before it."""
_PASSED_OVER: Final = 200
"""Items of which it is known how often they were passed over: the last ones."""
DECIDING: Final = 16
"""Events whose outcomes are kept: a store comes back a few seconds older than it was, and nobody acts as fast."""
_IDS: Final = 32
_HALF_S: Final = 24 * 3600
"""Seconds until a showing tires half as much."""
_FORGOTTEN_S: Final = 7 * _HALF_S


def fatigue(shown: Impressions, now: int) -> Mapping[str, float]:
    """Item id → how often it was shown of late without being taken, faded by age; no items when none.

    `now` is UTC ms. Showings that may yet be taken count too: what was on the last page is tiring on this one.
    """
    tired = {item: over.times * _faded(now // 1000 - over.last) for item, over in shown.passed_over.items()}
    for page in shown.pages:
        fade = _faded((now - page.time) // 1000)
        for item in page.items:
            tired[item] = tired.get(item, 0.0) + fade
    return tired


def _faded(age_s: int) -> float:
    return float(0.5 ** (max(0, age_s) / _HALF_S))


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
        shown.pages.append(Page(row.time, hash64(event.request_id), list(by_item), positions, scores))
    while len(shown.pages) > 1 and sum(len(page.items) for page in shown.pages) > _UNDECIDED:
        _abandon(shown, [shown.pages.pop(0)], row.offset)
    return True


def close(shown: Impressions, time: int, offset: int) -> None:
    """What was shown more than the window before `time` (UTC ms) was abandoned, as the event at this offset finds."""
    over = [page for page in shown.pages if page.time + WINDOW_MS < time]
    if over:
        shown.pages = [page for page in shown.pages if page.time + WINDOW_MS >= time]
        _abandon(shown, over, offset)


def take(shown: Impressions, item: str, row: Enriched) -> None:
    """An interaction with an item decides its showings, as positives if it shows liking, and ends its fatigue.

    One that names a request which showed the item decides that showing alone: the others then have no outcome.
    """
    close(shown, row.time, row.offset)
    shown.passed_over.pop(item, None)
    showing = [page for page in shown.pages if item in page.items]
    request = hash64(row.request_id) if row.request_id else None
    named = [page for page in showing if page.request == request]
    for page in showing:
        at = page.items.index(item)
        position, score = page.positions[at], page.scores[at]
        for column in (page.items, page.positions, page.scores):
            del column[at]
        if page in (named or showing):
            _decide(shown, row.offset, taken=row.weight > 0, positions=[position], scores=[score])
    shown.pages = [page for page in shown.pages if page.items]


def decided(shown: Impressions, offset: int) -> Iterable[Outcomes]:
    """What the event at this offset decided, in order, as long as it is kept."""
    return (outcomes for outcomes in shown.outcomes if outcomes.offset == offset)


def _abandon(shown: Impressions, pages: Sequence[Page], offset: int) -> None:
    for page in pages:
        _decide(shown, offset, taken=False, positions=page.positions, scores=page.scores)
        for item in page.items:
            before = shown.passed_over.pop(item, PassedOver(0, 0))
            shown.passed_over[item] = PassedOver(before.times + 1, max(before.last, page.time // 1000))
    newest = pages[-1].time // 1000
    kept = [(item, over) for item, over in shown.passed_over.items() if newest - over.last <= _FORGOTTEN_S]
    shown.passed_over = dict(kept[-_PASSED_OVER:])


def _decide(shown: Impressions, offset: int, *, taken: bool, positions: list[int], scores: list[float]) -> None:
    last = shown.outcomes[-1] if shown.outcomes else None
    if last and (last.offset, last.taken) == (offset, taken):
        shown.outcomes[-1] = Outcomes(offset, taken, [*last.positions, *positions], [*last.scores, *scores])
        return
    shown.outcomes.append(Outcomes(offset, taken, positions, scores))
    first = list(dict.fromkeys(outcomes.offset for outcomes in shown.outcomes))[-DECIDING:][0]
    shown.outcomes = [outcomes for outcomes in shown.outcomes if outcomes.offset >= first]
