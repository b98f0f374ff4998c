"""Missing field: a producer loses what may be left out, so that nothing is refused and all of it means less."""

import random
from typing import Final

from batch.bend.change import Fields, Log, changed
from batch.bend.told import Bend

LOST: Final = ("context", "kind", "value")


def missing_field(log: Log, bend: Bend, rng: random.Random) -> Log:
    """A share of those interactions that have any are without context, kind and value: likes turn into clicks."""

    def change(fields: Fields) -> Fields | None:
        if fields.get("type") != "interaction" or not any(name in fields for name in LOST):
            return None
        return {name: value for name, value in fields.items() if name not in LOST}

    return changed(log, bend, rng, change)
