"""Users whose tastes shift with their mood in a stated way, and the log and catalogue that they leave.

In each visit a user has one mood, drawn evenly from `contracts.moods`, and takes a few items, none twice in their life:
item i with a probability in proportion to exp(popularity_i + taste_ui + strength × agreement(affect_i, mood)), where
`affect` is what the lexicon reads from the item's categories and `agreement` a cosine in [-1, 1] (`model.affect`).
Half of the visits begin with a mood event; in the others each interaction has the mood in its context.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from batch.replay import UserEvent
from contracts.events import Context, Interaction, MoodEvent
from contracts.moods import LABELS
from model.affect import affects, agreement
from model.items import Item

CATEGORIES: Final = (
    *("comedy", "romance", "family", "music", "adventure", "magic", "nature", "peaceful", "documentary", "nostalgia"),
    *("mystery", "thriller", "crime", "horror", "war", "revenge", "drama", "tragedy", "lonely", "sleepy"),
)
POPULARITY: Final = 0.5
"""Popularity is minus this, times the logarithm of the item's place."""
TASTE: Final = 1.0
"""The spread of taste."""
_LATENT: Final = 6
_VISIT_MS: Final = 20 * 60 * 1000
_TAKES_MS: Final = 3 * 60 * 1000
_BEGIN_MS: Final = 1_700_000_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What a simulation is made from."""

    strength: float
    """How much agreement with the mood counts: at 1, an item that agrees is e² times as likely as its opposite."""
    users: int = 300
    items: int = 400
    visits: int = 6
    """Of each user, on average."""
    takes: int = 3
    """Items of each visit."""
    seed: int = 0


class Simulated(NamedTuple):
    """A catalogue and a log in the order of time."""

    items: tuple[Item, ...]
    log: list[UserEvent]


def simulate(world: World) -> Simulated:
    """The same for the same world; worlds that differ in strength only have the same users, items, visits and moods."""
    rng = np.random.default_rng(world.seed)
    items, of_item = _items(world, rng)
    of_user = rng.normal(0, TASTE / np.sqrt(_LATENT), (world.users, _LATENT))
    popularity = -POPULARITY * np.log1p(rng.permutation(world.items))
    liking = popularity + of_user @ of_item.T
    felt = affects(items)
    fits = np.stack([agreement(felt, mood) for mood in range(len(LABELS))]).astype(np.float64)
    visitors = rng.integers(world.users, size=world.users * world.visits)
    moods = rng.integers(1, len(LABELS), size=len(visitors))
    luck = rng.gumbel(size=(len(visitors), world.items))  # the largest of utility + luck is a draw by softmax
    log: list[UserEvent] = []
    for visit, (user, mood) in enumerate(zip(visitors.tolist(), moods.tolist(), strict=True)):
        wish = liking[user] + world.strength * fits[mood] + luck[visit]
        taken = np.argsort(-wish)[: world.takes]
        liking[user, taken] = -np.inf
        log += _events(visit, user, LABELS[mood], taken.tolist())
    return Simulated(items, log)


def silent(log: Sequence[UserEvent]) -> list[UserEvent]:
    """The same log from which all moods are gone: those of events, those of contexts, and so those of requests."""
    return [
        msgspec.structs.replace(event, context=None) if event.context and event.context.mood else event
        for event in log
        if isinstance(event, Interaction)
    ]


def _items(world: World, rng: np.random.Generator) -> tuple[tuple[Item, ...], Floats]:
    """Each with one or two categories; what is liked in an item comes half from those, half from itself."""
    of_category = rng.normal(0, 1, (len(CATEGORIES), _LATENT))
    items, latent = [], []
    for number in range(world.items):
        chosen = rng.choice(len(CATEGORIES), size=rng.integers(1, 3), replace=False)
        items.append(Item(f"i{number}", f"Number {number}", tuple(CATEGORIES[place] for place in chosen)))
        latent.append((of_category[chosen].mean(axis=0) + rng.normal(0, 1, _LATENT)) / np.sqrt(2))
    return tuple(items), np.stack(latent)


def _events(visit: int, user: int, mood: str, taken: Sequence[int]) -> Iterator[UserEvent]:
    start, who = _BEGIN_MS + visit * _VISIT_MS, f"u{user}"
    if aloud := visit % 2 == 0:
        yield MoodEvent(event_id=f"m{visit}", time=start, user_id=who, mood=mood)
    context = None if aloud else Context(mood=mood)
    for place, item in enumerate(taken):
        time = start + (place + 1) * _TAKES_MS
        yield Interaction(event_id=f"v{visit}-{place}", time=time, user_id=who, item_id=f"i{item}", context=context)
