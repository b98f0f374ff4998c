"""All that one answer is made from, gathered before the first candidate is looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.events import MoodEvent
from contracts.moods import LABELS, mood_of
from model import scoring
from model.index import FIRST, UNKNOWN
from online.answer.asked import Ask
from online.answer.catalogue import Catalogue, Floats
from online.answer.deadline import Deadline
from online.answer.view import View
from online.learn.counts import EVERYWHERE, contexts
from online.learn.enrich import Enricher
from online.store.state import Entry, UserState

MOOD_LASTS_MS: Final = 6 * 3600 * 1000
"""A mood that the user said is theirs for so long."""
RECENT: Final = 10
"""Liked items that co-visitation and likeness start from."""
FADE: Final = 0.85
"""What a liked item counts beside the next newer one."""


@dataclass(frozen=True)
class Scene:
    """One request with what is known of its user and of the items."""

    ask: Ask
    now: int
    """UTC ms."""
    view: View
    catalogue: Catalogue
    deadline: Deadline
    mood: int
    """Row of MOODS: asked for, else the user's own of late, else 0."""
    contexts: list[str]
    """The trending counters of this context, the one of everywhere left out."""
    recent: list[tuple[str, float]]
    """Distinct liked items, newest first, with what each counts in (0, 1]."""
    log_probabilities: Floats | None
    """(rows,): log-softmax of the scores over the catalogue; None without a bundle."""
    open: NDArray[np.bool_]
    """(rows,): items of the categories asked for that weren't withdrawn."""


def scene(ask: Ask, now: int, view: View, deadline: Deadline, enricher: Enricher) -> Scene:
    """The scene of a request at `now`; the request is enriched as an event would be."""
    said = MoodEvent(event_id="-", time=now, user_id=ask.user_id, mood=_said(ask), context=ask.context)
    row = enricher.enrich(said, partition=-1, offset=-1, arrival=now)
    asked = mood_of(_said(ask)) or 0 if _said(ask) else 0
    last = view.user.history[-1] if view.user.history else None
    mood = asked or _own_mood(view.state, now)
    where = contexts(mood, row.place or (last.place if last else ""), row.device or (last.device if last else ""))
    return Scene(
        ask=ask,
        now=now,
        view=view,
        catalogue=view.catalogue,
        deadline=deadline,
        mood=mood,
        contexts=[name for name in where if name != EVERYWHERE],
        recent=recent_likes(view.user.history),
        log_probabilities=_log_probabilities(view.catalogue, view.state, asked, now),
        open=view.catalogue.in_categories(ask.categories) & ~view.catalogue.withdrawn,
    )


def recent_likes(history: Sequence[Entry]) -> list[tuple[str, float]]:
    """The distinct items that were liked last, newest first, each with its fading weight times its liking."""
    likes: dict[str, float] = {}
    for entry in reversed(history):
        if entry.item and entry.weight > 0 and entry.item not in likes:
            likes[entry.item] = FADE ** len(likes) * entry.weight
            if len(likes) == RECENT:
                break
    return list(likes.items())


def unknown_mood(ask: Ask) -> list[str]:
    """Why a mood that nobody knows was passed over."""
    if _said(ask) and mood_of(_said(ask)) is None:
        return [f"mood: nobody knows {_said(ask)!r}; known are {', '.join(LABELS[1:])} and their emoji"]
    return []


def _said(ask: Ask) -> str:
    return ask.mood or (ask.context.mood if ask.context and ask.context.mood else "")


def _own_mood(state: UserState, now: int) -> int:
    return state.mood if now - state.mood_time <= MOOD_LASTS_MS else 0


def _log_probabilities(catalogue: Catalogue, state: UserState, mood: int, now: int) -> Floats | None:
    """How likely each item is to be next, (rows,), the user's embedding taken at this moment."""
    if catalogue.bundle is None or not catalogue.items:
        return None
    encoder = catalogue.bundle.encoder
    hidden = state.hidden[None] if len(state.hidden) else encoder.zero(1)
    gap = max(0, now - state.time) / 1000 if state.count else 0.0
    embedding = encoder.query(hidden, np.array([gap], np.float32), np.array([mood], np.int32))
    scores = scoring.scores(embedding, catalogue.vectors, catalogue.bias)[0]
    logs = scoring.log_softmax(scores[FIRST:])
    all_of_them = np.concatenate([scores[:FIRST], logs]).astype(np.float32)
    # an item nobody described stands where an average one without a vector would
    all_of_them[UNKNOWN] = catalogue.typical_bias - (scores[FIRST] - logs[0])
    return all_of_them
