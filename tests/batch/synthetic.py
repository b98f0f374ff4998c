"""A tiny world in which the next item can be foretold: users walk around rings of comedies and tragedies."""

from collections.abc import Sequence

import numpy as np

from batch.log import Log, of_events
from contracts.events import Interaction
from model.items import Item

RING = 8


def catalogue(rings: int = 2) -> tuple[Item, ...]:
    """`rings` rings of RING items, in turn comedies and tragedies."""
    words = ("comedy", "tragedy")
    return tuple(
        Item(f"r{ring}i{place}", f"Number {ring} {place}", (words[ring % 2],))
        for ring in range(rings)
        for place in range(RING)
    )


def events(users: int = 24, steps: int = 20, seed: int = 0, rings: int = 2) -> list[Interaction]:
    """Each user walks one ring from a random place, a minute a step; one in ten steps goes anywhere."""
    rng = np.random.default_rng(seed)
    walked: list[Interaction] = []
    for user in range(users):
        ring, place = user % rings, int(rng.integers(RING))
        for step in range(steps):
            strays = rng.random() < 0.1
            item = f"r{rng.integers(rings)}i{rng.integers(RING)}" if strays else f"r{ring}i{place}"
            time = 1_700_000_000_000 + 60_000 * step + user
            walked.append(Interaction(event_id=f"{user}-{step}", time=time, user_id=f"u{user}", item_id=item))
            place = (place + 1) % RING
    return sorted(walked, key=lambda event: event.time)


def log(users: int = 24, steps: int = 20, seed: int = 0, rings: int = 2) -> Log:
    """The same as columns."""
    return of_events(events(users, steps, seed, rings))


def ids(items: Sequence[Item]) -> list[str]:
    """Their ids."""
    return [item.item_id for item in items]
