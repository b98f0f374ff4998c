"""Schema change: a producer was upgraded before us, and says the item under another name."""

import random

from batch.bend.change import Fields, Log, changed
from batch.bend.told import Bend
from contracts.events import SCHEMA_VERSION


def schema(log: Log, bend: Bend, rng: random.Random) -> Log:
    """A share of the interactions are of a newer schema: they end as dead letters."""

    def change(fields: Fields) -> Fields | None:
        if fields.get("type") != "interaction" or "item_id" not in fields:
            return None
        renamed = {("item" if name == "item_id" else name): value for name, value in fields.items()}
        return {**renamed, "schema_version": SCHEMA_VERSION + 1}

    return changed(log, bend, rng, change)
