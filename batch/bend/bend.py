"""What may be bent, and the one function that bends a log: pure, on the records' bytes."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from batch.bend.bots import bots
from batch.bend.change import Log
from batch.bend.delay import delay
from batch.bend.missing_field import missing_field
from batch.bend.mood import mood
from batch.bend.new_items import new_items
from batch.bend.popularity import popularity
from batch.bend.schema import schema
from batch.bend.told import KINDS, Bend, What
from contracts.errors import Misconfigured
from contracts.topics import EVENTS
from online.learn.outgoing import Raw

_BENDERS: Final[dict[What, Callable[[Log, Bend, random.Random], Log]]] = {
    "popularity": popularity,
    "new-items": new_items,
    "mood": mood,
    "bots": bots,
    "schema": schema,
    "missing-field": missing_field,
    "delay": delay,
}


def bend(log: Iterable[Raw], bends: Sequence[Bend], seed: int = 0) -> list[Raw]:
    """The log, in its order of arrival, with each of these put upon it, one after the other.

    What comes is numbered anew, as a topic of one partition. The same log, bends and seed give the same bytes.
    """
    bent: Log = list(log)
    for number, one in enumerate(bends):
        rng = random.Random(f"{seed} {number} {one.what}")  # noqa: S311 (no secret)
        bent = _BENDERS[one.what](bent, one, rng)
    return [Raw(EVENTS, 0, place, raw.time, raw.value) for place, raw in enumerate(bent)]


def parse(said: str, moment: Callable[[str], int]) -> Bend:
    """From `WHAT@TIME:STRENGTH`, where `moment` reads the time as UTC ms; raises `Misconfigured`."""
    name, _, rest = said.partition("@")
    when, _, strength = rest.rpartition(":")
    what = next((kind for kind in KINDS if kind == name), None)
    if what is None:
        raise Misconfigured(f"--inject {said}: nothing is called {name!r}: use one of {', '.join(KINDS)}")
    try:
        share = float(strength)
    except ValueError:
        share = 0.0
    if not when or not 0 < share <= 1:
        raise Misconfigured(
            f"--inject {said}: wants WHAT@TIME:STRENGTH with a strength in (0, 1], such as {name}@2026-11-01T12:00:0.5"
        )
    return Bend(what, moment(when), share)
