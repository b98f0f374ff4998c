"""The scored events in groups: by what was known of user and item, by history, popularity and time since the last."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batch.evaluate.split import Split, Step
from batch.replay import is_target
from contracts.events import Interaction

Groups = dict[str, dict[str, NDArray[np.bool_]]]
"""Kind of group → name of a group → which scored events (n,) are in it."""

_HISTORY: Final = (0, 1, 5, 10, 20, 50, 100, 200)
_MINUTE: Final = 60_000
_GAPS: Final = (
    ("under a minute", _MINUTE),
    ("under an hour", 60 * _MINUTE),
    ("under a day", 1440 * _MINUTE),
    ("under 30 days", 30 * 1440 * _MINUTE),
)
_THIRDS: Final = ("most popular third", "middle third", "least popular third")


def groups(split: Split) -> Groups:
    """All groups that have events, each kind in its own order; every event is in one group of each kind."""
    events = [event for event, _ in split.targets]
    steps = [step for _, step in split.targets]
    named = {
        "known": _known(split, events),
        "history": _named([_history(step.history) for step in steps], _history_names()),
        "popularity": _named(_popularity(split, events), [*_THIRDS, "unseen before the split"]),
        "gap": _named(
            [_gap(step) for step in steps], ["first event", *(name for name, _ in _GAPS), "30 days and more"]
        ),
    }
    return {kind: {name: mask for name, mask in of.items() if mask.any()} for kind, of in named.items()}


def _named(found: Sequence[str], order: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    names = np.array(found)
    return {name: names == name for name in order}


def _known(split: Split, events: Sequence[Interaction]) -> dict[str, NDArray[np.bool_]]:
    """Users and items that had an event before the split, and others."""
    users = {event.user_id for event in split.head}
    items = {event.item_id for event in split.head if isinstance(event, Interaction)}
    name = {True: "known", False: "new"}
    found = [f"{name[e.user_id in users]} user, {name[e.item_id in items]} item" for e in events]
    return _named(found, [f"{user} user, {item} item" for user in ("known", "new") for item in ("known", "new")])


def _history(count: int) -> str:
    return _history_names()[sum(count >= least for least in _HISTORY) - 1]


def _history_names() -> list[str]:
    spans = [f"{low}" if high == low + 1 else f"{low}–{high - 1}" for low, high in pairwise(_HISTORY)]
    return [*spans, f"{_HISTORY[-1]}+"]


def _popularity(split: Split, events: Sequence[Interaction]) -> list[str]:
    """Thirds of the training part's events: a few popular items make the first, many rare ones the last."""
    counts = Counter(event.item_id for event in split.head if is_target(event))
    total, reached, third = counts.total(), 0, {}
    for item_id, times in counts.most_common():
        third[item_id] = _THIRDS[min(2, 3 * reached // max(1, total))]
        reached += times
    return [third.get(event.item_id, "unseen before the split") for event in events]


def _gap(step: Step) -> str:
    if step.gap < 0:
        return "first event"
    return next((name for name, less in _GAPS if step.gap < less), "30 days and more")
