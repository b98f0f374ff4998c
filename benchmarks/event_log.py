"""Made-up events that look like a real service's: about 280 bytes of JSON, few users with much, many with little.

Interactions and now and then a mood; no impressions and no catalogue, whose cost depends on who asks and how often.
"""

import random
import time
from collections.abc import Iterator
from typing import Final

import numpy as np

from contracts.events import Context, Interaction, MoodEvent
from contracts.kinds import Kind

USERS: Final = 2_000
ITEMS: Final = 1_682
"""MovieLens-100K's; it has half as many users."""
_MOODS: Final = ("happy", "sad", "😀", "calm", "angry")
_KINDS: Final[tuple[Kind, ...]] = ("click", "click", "view", "play", "like", "skip", "rating", "dwell")
_OF_VALUE: Final[dict[Kind, tuple[float, ...]]] = {"rating": (2.0, 3.0, 4.0, 5.0), "dwell": (4.0, 12.0, 60.0)}
_MOOD_SHARE: Final = 0.03
_APART_MS: Final = 500
_AGENTS: Final = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 Chrome/{version}.0.0.0 Safari/537.36"
    for system in ("X11; Linux x86_64", "Windows NT 10.0; Win64", "Linux; Android 14; Pixel 8", "Macintosh; Intel")
    for version in range(120, 128)
)


def made_up(count: int, users: int = USERS, items: int = ITEMS, seed: int = 0) -> Iterator[Interaction | MoodEvent]:
    """So many events in order of time, the last one now; the same for the same seed but for their times."""
    rng, drawn = random.Random(seed), np.random.default_rng(seed)
    who = (users * drawn.beta(0.6, 2.5, count)).astype(int).tolist()
    what = (items * drawn.beta(0.4, 3.0, count)).astype(int).tolist()
    start = int(time.time() * 1000) - count * _APART_MS
    for number, (user, item) in enumerate(zip(who, what, strict=True)):
        event_id, at = f"{rng.getrandbits(96):024x}", start + number * _APART_MS
        name, context = f"user-{user}", _context(rng, user)
        if rng.random() < _MOOD_SHARE:
            yield MoodEvent(event_id=event_id, time=at, user_id=name, context=context, mood=rng.choice(_MOODS))
        else:
            kind = rng.choice(_KINDS)
            value = rng.choice(_OF_VALUE[kind]) if kind in _OF_VALUE else None
            yield Interaction(
                event_id=event_id, time=at, user_id=name, context=context, item_id=f"i{item}", kind=kind, value=value
            )


def _context(rng: random.Random, user: int) -> Context:
    agent = _AGENTS[user % len(_AGENTS)]
    return Context(session=f"s{user}-{rng.randrange(4)}", user_agent=agent, ip=f"10.0.{user % 256}.{user // 256}")
