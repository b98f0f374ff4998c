"""A small world in which nothing drifts, to be bent: users with tastes, devices and moods, days, nights and pages."""

import math
import random
from collections.abc import Iterator
from typing import Final, TypeVar

from batch.replay import Logged
from contracts.events import Context, Impression, Interaction, MoodEvent, Shown
from contracts.kinds import Kind
from model.items import Item

T = TypeVar("T")
START: Final = 1_750_000_000_000
ITEMS: Final = 400
_GROUPS: Final = 20
_A_MINUTE: Final = 3.0
"""Events, on average over a day."""
_NIGHT: Final = 0.4
"""So much less than the average there is at night, and so much more by day."""
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 1440 * _MINUTE_MS
_USERS: Final = 300
_NEWCOMER: Final = 0.02
"""Of events, those that are a new user's first."""
_PAGE: Final = 8
_EVERY: Final = 8
"""Events to a page."""
_DEVICES: Final = (("mobile", 0.6), ("desktop", 0.3), ("tablet", 0.1))
_KINDS: Final[tuple[tuple[Kind, float], ...]] = (("click", 0.6), ("like", 0.25), ("rating", 0.15))
_MOODS: Final = (("happy", 0.4), ("calm", 0.3), ("excited", 0.2), ("sad", 0.1))
_MOODY: Final = 0.2


def catalogue() -> tuple[Item, ...]:
    """Its items, in groups that go together."""
    return tuple(Item(item_id=f"i{n}", title=f"Item {n}", categories=(f"group {n % _GROUPS}",)) for n in range(ITEMS))


class _User:
    """Two groups are theirs, and they go on from what they had last."""

    def __init__(self, name: str, rng: random.Random) -> None:
        self.name = name
        self.groups = rng.sample(range(_GROUPS), 2)
        self.device = _drawn(_DEVICES, rng)
        self.last = 0

    def next_item(self, rng: random.Random) -> int:
        """Mostly of their groups, and what is known well more often than what isn't."""
        group = rng.choice(self.groups) if rng.random() < 0.8 else rng.randrange(_GROUPS)
        place = int(ITEMS / _GROUPS * rng.random() ** 2)
        self.last = place * _GROUPS + group
        return self.last


def log(seed: int, events: int) -> Iterator[Logged]:
    """So many events and pages; the same for the same seed."""
    rng = random.Random(seed)
    users = [_User(f"u{seed}-{n}", rng) for n in range(_USERS)]
    time = START + rng.randrange(_DAY_MS)
    for number in range(events):
        pace = _A_MINUTE * (1 + _NIGHT * math.sin(2 * math.pi * (time % _DAY_MS) / _DAY_MS))
        time += max(1, round(rng.expovariate(pace) * _MINUTE_MS))
        if rng.random() < _NEWCOMER:
            users.append(_User(f"u{seed}-{len(users)}", rng))
            user = users[-1]
        else:
            user = users[int(len(users) * rng.random() ** 1.5)]
        name = f"e{seed}-{number}"
        if number % _EVERY == 0:
            yield _page(user, name, time, rng)
        else:
            yield _event(user, name, time, rng)


def _event(user: _User, name: str, time: int, rng: random.Random) -> Logged:
    mood = _drawn(_MOODS, rng) if rng.random() < _MOODY else None
    if mood and rng.random() < 0.15:
        return MoodEvent(event_id=name, time=time, user_id=user.name, mood=mood)
    context = Context(device=user.device, mood=mood, session=f"{user.name}-{time // _DAY_MS}")
    kind = _drawn(_KINDS, rng)
    value = float(rng.choice((2, 3, 4, 4, 5))) if kind == "rating" else None
    item, happened = f"i{user.next_item(rng)}", time - rng.randrange(2_000)
    return Interaction(
        event_id=name, time=happened, user_id=user.name, item_id=item, kind=kind, value=value, context=context
    )


def _page(user: _User, name: str, time: int, rng: random.Random) -> Impression:
    items = rng.sample(range(ITEMS), _PAGE - 2) + [user.next_item(rng) for _ in range(2)]
    scored = sorted({item: rng.gauss(2.0 if item % _GROUPS in user.groups else 0.0, 1.0) for item in items}.items())
    scored.sort(key=lambda one: -one[1])
    shown = [Shown(f"i{item}", place, score, 1.0) for place, (item, score) in enumerate(scored)]
    return Impression(event_id=name, time=time, user_id=user.name, request_id=name, bundle="", shown=shown)


def _drawn(parts: tuple[tuple[T, float], ...], rng: random.Random) -> T:
    (one,) = rng.choices([part for part, _ in parts], [weight for _, weight in parts])
    return one
