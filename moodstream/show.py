"""The demo's show: a user's top 10, two clicks and a mood, and the next top 10, with the milliseconds it took."""

import random
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from rich.markup import escape
from rich.table import Table

from contracts.errors import Misconfigured
from contracts.events import Event, Interaction, ItemEvent, MoodEvent
from contracts.moods import MOODS, mood_of
from moodstream.client import Client
from moodstream.console import console, say
from moodstream.prepare import Prepared
from online.answer.answered import Recommendations, Recommended

TOP: Final = 10
_LATER: Final = 60
_PLACES: Final = 12
"""Columns that the two numbers and the gaps take."""
_TITLE: Final = 36
_BUSY: Final = range(20, 80)


def show(client: Client, data: Prepared, *, user: str, items: Sequence[str], mood: str, seed: int) -> str:
    """Pick a user, ask, click, say a mood, ask again, tell what moved; returns who it was.

    Raises `Misconfigured` for unknown choices.
    """
    rng = random.Random(seed)  # noqa: S311 - a choice for a show
    user = _user(data, user, rng)
    row = mood_of(mood)
    if not row:
        raise Misconfigured(
            f"nobody knows the mood {mood!r}: use one of {', '.join(m.label for m in MOODS[1:])} or an emoji"
        )
    _history(data, user)
    before = client.recommend(user, _LATER)
    _print(f"Top {TOP} for user {user}", before.items[:TOP], {})
    clicked = _chosen(data, before, items)
    after = _act(client, user, before, _clicks(user, clicked, data.items), "the clicks")
    after = _act(client, user, after, [_event(user, mood)], f"the mood {mood} ({MOODS[row].label})")
    say(f"Answered with bundle {after.bundle}, from the state at offset {_offset(after)} of the log.")
    return user


def _act(client: Client, user: str, before: Recommendations, events: Sequence[Event], what: str) -> Recommendations:
    placed = client.post(events)
    after, waited = client.until_changed(user, placed[-1], _LATER)
    ranks = {item.item_id: rank for rank, item in enumerate(before.items, 1)}
    _print(f"Top {TOP} after {what}", after.items[:TOP], ranks)
    moved = sum(ranks.get(item.item_id) != rank for rank, item in enumerate(after.items[:TOP], 1))
    console.print(f"[bold green]acknowledged → changed in {waited:.0f} ms[/]   {moved} of {TOP} places differ\n")
    return after


def _user(data: Prepared, user: str, rng: random.Random) -> str:
    counts = Counter(event.user_id for event in data.events)
    if user and user not in counts:
        raise Misconfigured(f"user {user!r} has no events: choose one of {', '.join(sorted(counts)[:8])} …")
    return user or rng.choice(sorted(name for name, count in counts.items() if count in _BUSY))


def _history(data: Prepared, user: str) -> None:
    liked = [e for e in data.events if isinstance(e, Interaction) and e.user_id == user and (e.value or 0) >= 4]
    titles = ", ".join(data.items[event.item_id].title for event in liked[-4:])
    say(f"User {user} has {sum(e.user_id == user for e in data.events)} events; liked lately: {titles}")


def _chosen(data: Prepared, before: Recommendations, items: Sequence[str]) -> list[str]:
    """The items to click: as given, else two from further down that are unlike the top."""
    if unknown := [item for item in items if item not in data.items]:
        raise Misconfigured(
            f"no such items: {', '.join(unknown)}; see {len(data.items)} in items.csv of the data folder"
        )
    top = Counter(name for item in before.items[:TOP] for name in item.categories)
    unlike = sorted(
        before.items[TOP:], key=lambda item: sum(top[name] for name in item.categories) / (len(item.categories) or 1)
    )
    return list(items) or [item.item_id for item in unlike[:2]]


def _clicks(user: str, items: Sequence[str], catalogue: Mapping[str, ItemEvent]) -> list[Event]:
    say(f"{user} clicks: {' and '.join(catalogue[item].title for item in items)}")
    return [
        Interaction(event_id=uuid.uuid4().hex, time=_now(), user_id=user, item_id=item, kind="click") for item in items
    ]


def _event(user: str, mood: str) -> Event:
    say(f"{user} says: {mood}")
    return MoodEvent(event_id=uuid.uuid4().hex, time=_now(), user_id=user, mood=mood)


def _print(title: str, items: Sequence[Recommended], ranks: Mapping[str, int]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("#", justify="right", min_width=2)
    table.add_column("was", justify="right", min_width=4)
    table.add_column("title", no_wrap=True, max_width=_TITLE)
    why = max(12, console.width - _TITLE - _PLACES)
    table.add_column("why", no_wrap=True, max_width=why)
    for rank, item in enumerate(items, 1):
        was = ranks.get(item.item_id) if ranks else rank
        table.add_row(str(rank), _moved(was, rank) if ranks else "", escape(item.title), ", ".join(item.sources))
    console.print(table)
    console.print()


def _moved(was: int | None, rank: int) -> str:
    if was is None:
        return "[green]new[/]"
    return "" if was == rank else f"[green]▲ {was}[/]" if was > rank else f"[red]▼ {was}[/]"


def _offset(answer: Recommendations) -> str:
    return f"{answer.watermark.offset} of partition {answer.watermark.partition}" if answer.watermark else "unknown"


def _now() -> int:
    return int(time.time() * 1000)
