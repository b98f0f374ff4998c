"""Mood shift: people are sad from now on, and say so."""

import random

from batch.bend.change import Fields, Log, changed
from batch.bend.told import Bend

MOOD = "sad"


def mood(log: Log, bend: Bend, rng: random.Random) -> Log:
    """A share of the mood events say it, and a share of the interactions have it in their context."""

    def change(fields: Fields) -> Fields | None:
        if fields.get("type") == "mood":
            return {**fields, "mood": MOOD}
        if fields.get("type") == "interaction":
            return {**fields, "context": {**(fields.get("context") or {}), "mood": MOOD}}
        return None

    return changed(log, bend, rng, change)
