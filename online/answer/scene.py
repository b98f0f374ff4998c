"""All that one answer is made from, gathered before the first candidate is looked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.errors import StoreUnavailable
from contracts.events import MoodEvent
from contracts.kinds import REFUSED
from contracts.moods import LABELS, mood_of
from model.index import UNKNOWN
from online.answer.asked import Ask
from online.answer.catalogue import Catalogue, Floats, Rows
from online.answer.company import Companies, Company
from online.answer.deadline import Deadline
from online.answer.guests import guests
from online.answer.likely import Likely, likely_of
from online.answer.numbers import Names, Numbers, Places
from online.answer.overlaid import units
from online.answer.shortlist import FEW, Shortlist, choose, enough
from online.answer.tallies import TAKEN_LAST, Read, Tallier, Tallies
from online.answer.taste import directions_of, liked, likeness, taste
from online.answer.view import View
from online.learn.counts import contexts, nth, wanted
from online.learn.enrich import Enricher
from online.store.state import Entry, UserState

MOOD_LASTS_MS: Final = 6 * 3600 * 1000
"""A mood that the user said is theirs for so long."""
_UNWANTED: Final = 10
"""Items turned down of late that others sink with."""

Mask = NDArray[np.bool_]
_NOWHERE: Final = "", "", ()
_NO_ITEMS: Final = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Scene:
    """One request with what is known of its user and of the items; arrays (size,) are by number of item."""

    ask: Ask
    now: int
    """UTC ms."""
    view: View
    numbers: Names
    placed: Places
    mood: int
    """Row of MOODS: asked for, else the user's own of late, else 0."""
    history: Rows
    """Numbers of the items in the user's history, newest first, each once."""
    times: Floats
    """How often each of them stands there."""
    met: Mapping[str, float]
    """Those items, with the weight that each was met with last."""
    turned_down: Sequence[str]
    """Those that the user said no to or rated low last time they met them, the last one first."""
    refusals: Mapping[str, float]
    """Those of them that were refused, by a kind that says so, with the weight of it."""
    tallies: Tallies
    likely: Likely | None
    """None without a bundle."""
    missing: list[str]
    """Why less is known than could be."""
    company: Company | None
    """Vectors for items that the bundle doesn't know, where there are any."""
    brought: Rows
    """Numbers of items that are here only because a service brought them to be ranked: no candidates."""

    @property
    def catalogue(self) -> Catalogue:
        """The items as the user's bundle knows them."""
        return self.view.catalogue

    @cached_property
    def log_probabilities(self) -> Floats | None:
        """(size,): how likely each item is to be next."""
        if self.likely is None:
            return None
        found = self.likely.of(self.placed.rows)
        if self.company is not None:
            found[self.company.numbers] = self.likely.as_if(self.company.vectors)
        return found

    @cached_property
    def taken(self) -> Rows:
        """The numbers of those of the history that weren't refused."""
        if not self.refusals:
            return self.history
        return self.history[[item not in self.refusals for item in self.met]]

    @cached_property
    def recent(self) -> list[tuple[str, float]]:
        """See `liked`."""
        return liked(self.met)

    @cached_property
    def likeness(self) -> Floats:
        """(size,): how like the items liked last each is: a cosine, 0 where nothing is known."""
        return self._like(taste(self.catalogue, self.recent, self._of_company))

    @cached_property
    def refused(self) -> Floats | None:
        """(size,): how like what was refused of late each item is: the largest cosine times the weight of its refusal.

        At most 1; what is like none has 0. None where nothing was refused.
        """
        if not self.refusals:
            return None
        items = list(islice(self.refusals, _UNWANTED))
        weights = np.array([-self.refusals[item] for item in items], np.float32)
        found = self._like(directions_of(self.catalogue, items, self._of_company)) * weights[:, None]
        return np.asarray(found.max(axis=0, initial=0), np.float32)

    def _like(self, directions: Floats) -> Floats:
        found = likeness(self.catalogue, directions, self.placed.rows)
        if self.company is not None:
            found[..., self.company.numbers] = directions @ units(self.company.vectors).T
        return found

    @cached_property
    def _of_company(self) -> Mapping[str, Floats]:
        """The directions of items that the bundle doesn't know."""
        if self.company is None:
            return {}
        return dict(zip(self.numbers.ids[self.company.numbers].tolist(), units(self.company.vectors), strict=True))

    @cached_property
    def open(self) -> Mask:
        """(size,): what may be shown at all: of the categories asked for, not withdrawn, hidden or excluded."""
        found = self.catalogue.open(self.ask.categories).take(self.placed.rows)
        if out := [*self.turned_down, *self.ask.exclude, *self.ask.rules.block]:
            found[self.known(out)] = False
        return found

    def known(self, ids: Iterable[str]) -> Rows:
        """The numbers of those of these ids that this scene has; another thread may have numbered more since."""
        known = self.numbers.known(ids)
        return known[known < len(self.placed.rows)]

    @cached_property
    def may(self) -> Mask:
        """(size,): what is open and, unless the request wants it again, not in the user's history."""
        found = self.open.copy()
        found[self.brought] = False
        if not self.ask.repeat:
            found[self.history] = False
        return found


async def scene(
    ask: Ask,
    now: int,
    view: View,
    deadline: Deadline,
    enricher: Enricher,
    tallier: Tallier,
    companies: Companies,
    numbers: Numbers,
    given: Sequence[str] = (),
) -> Scene:
    """The scene of a request at `now`, enriched as an event would be; `given` items are there if they are known."""
    history = list(view.user.history)
    asked = mood_of(_said(ask)) or 0 if _said(ask) else 0
    mood = asked or _own_mood(view.state, now)
    where = _context(ask, now, view, enricher, mood)
    last = _taken_last(history)
    met, times, refusals = _met(history)
    turned_down = [item for item, weight in met.items() if weight < 0]
    missing, read, company = [], Read(), None
    try:
        read = await tallier.read(deadline, last, turned_down[:_UNWANTED], where, nth(history, len(history)))
        company = await companies.of(view.catalogue, read.everywhere, numbers.of(last), deadline)
    except StoreUnavailable as error:
        missing.append(f"store: {error}")
    known = numbers.of(met)  # the history may name what nothing else does: from here on it has numbers
    likely = likely_of(view.catalogue, view.state, asked, now)
    names, placed, read, brought = _in_question(ask, view, mood, likely, met, numbers, read, given)
    return Scene(
        ask=ask,
        now=now,
        view=view,
        numbers=names,
        placed=placed,
        mood=mood,
        history=known if names is numbers else names.of(met),
        times=times,
        met=met,
        turned_down=turned_down,
        refusals=refusals,
        tallies=read.tallies(len(placed.rows), names.of(last), numbers.placed(view.catalogue).items),
        likely=likely,
        missing=missing,
        company=company if company is None or names is numbers else company.named(numbers, names),
        brought=brought,
    )


def _in_question(
    ask: Ask,
    view: View,
    mood: int,
    likely: Likely | None,
    met: Mapping[str, float],
    numbers: Numbers,
    read: Read,
    given: Sequence[str],
) -> tuple[Names, Places, Read, Rows]:
    """All items where they are few; else those that may come into question, with the counts by their numbers.

    Those that rules and history name always do. Last the numbers of those that are there because they were given.
    """
    known = numbers.placed(view.catalogue)
    ruled = [*ask.rules.pin, *ask.rules.boost]
    if known.whole and len(known.rows) <= FEW:
        made_up = guests(numbers, known, ruled)
        return (made_up, made_up, read, _NO_ITEMS) if made_up else (numbers, known, read, _NO_ITEMS)
    known.meet([*ruled, *given])
    enough_of_each = enough(ask, view.user.seen.count)
    chosen_ones = [known.at(rows) for rows in choose(ask, view.catalogue, likely, mood, liked(met), enough_of_each)]
    made_up = guests(numbers, known, ruled)
    names, placed = (made_up, made_up) if made_up else (numbers, known)
    chosen = np.zeros(len(placed.rows), np.bool_)
    for found in (*(counts.numbers for counts in read.sparse()), *chosen_ones, names.of([*met, *ruled])):
        chosen[found] = True
    brought = names.known(given)
    brought = brought[brought < len(chosen)]
    brought = brought[~chosen[brought] & (placed.rows[brought] != UNKNOWN)]
    chosen[brought] = True
    shortlist = Shortlist(names, placed, chosen)
    return shortlist, shortlist, read.renumbered(shortlist.renumbered), shortlist.renumbered(brought)


def unknown_mood(ask: Ask) -> list[str]:
    """Why a mood that nobody knows was passed over."""
    if _said(ask) and mood_of(_said(ask)) is None:
        return [f"mood: nobody knows {_said(ask)!r}; known are {', '.join(LABELS[1:])} and their emoji"]
    return []


def _context(ask: Ask, now: int, view: View, enricher: Enricher, mood: int) -> Mapping[str, str]:
    """The trending counters of the context; what the request doesn't say is as it was last."""
    history = view.user.history
    place, device, columns = (history[-1].place, history[-1].device, history[-1].columns) if history else _NOWHERE
    if ask.context or ask.mood:
        said = MoodEvent(event_id="-", time=now, user_id=ask.user_id, mood=_said(ask), context=ask.context)
        row = enricher.enrich(said, partition=-1, offset=-1, arrival=now)
        place, device, columns = row.place or place, row.device or device, row.columns or columns
    return contexts(mood, place, device, columns)


def _said(ask: Ask) -> str:
    return ask.mood or (ask.context.mood if ask.context and ask.context.mood else "")


def _own_mood(state: UserState, now: int) -> int:
    return state.mood if now - state.mood_time <= MOOD_LASTS_MS else 0


def _taken_last(history: Sequence[Entry]) -> list[str]:
    """Items that the user took, each once, the last one first."""
    taken: dict[str, None] = {}
    for entry in reversed(history):
        if wanted(entry):
            taken[entry.item] = None
            if len(taken) == TAKEN_LAST:
                break
    return list(taken)


def _met(history: Sequence[Entry]) -> tuple[dict[str, float], Floats, dict[str, float]]:
    """The weight of each item's last entry, the item met last first, how many entries it has, and who were refused."""
    weights: dict[str, float] = {}
    refusals: dict[str, float] = {}
    times: dict[str, int] = {}
    for entry in reversed(history):
        item = entry.item
        if item in times:
            times[item] += 1
        elif item:
            weights[item] = entry.weight
            times[item] = 1
            if entry.kind in REFUSED:
                refusals[item] = entry.weight
    return weights, np.array(list(times.values()), np.float32), refusals
