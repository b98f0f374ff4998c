"""Bot traffic: a few users who click anything, beside everybody else."""

import random
from itertools import count
from typing import Final

from batch.bend.change import Log, item_of
from batch.bend.told import Bend
from contracts import events
from contracts.events import Context, Interaction
from online.learn.outgoing import Raw

BOTS: Final = 3
_MOST: Final = 0.95
"""Beyond that, nearly nothing else would be left of a log."""
_AGENT: Final = Context(user_agent="Mozilla/5.0 (compatible; examplebot/1.0; +http://example.org/bot)")


def bots(log: Log, bend: Bend, rng: random.Random) -> Log:
    """A share of all events are clicks of three bots, on items drawn evenly from those that the log names."""
    items = sorted({item for raw in log if (item := item_of(raw))})
    of_one = 1 / (1 - min(bend.strength, _MOST)) - 1
    numbers, owed, bent = count(), 0.0, list[Raw]()
    for raw in log:
        bent.append(raw)
        if raw.time >= bend.since and items:
            owed += of_one
            while owed >= 1:
                owed -= 1
                bent.append(raw._replace(value=_click(next(numbers), raw.time, rng, items)))
    return bent


def _click(number: int, time: int, rng: random.Random, items: list[str]) -> bytes:
    user, item = f"bot-{rng.randrange(BOTS)}", rng.choice(items)
    return events.encode(
        Interaction(event_id=f"bot-{number}-{time}", time=time, user_id=user, item_id=item, context=_AGENT)
    )
