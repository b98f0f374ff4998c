"""New items: things that nobody has met come up, each going with others as something known did."""

import random

from batch.bend.change import Fields, Log, changed
from batch.bend.told import Bend

PREFIX = "new-"


def new_items(log: Log, bend: Bend, rng: random.Random) -> Log:
    """A share of the interactions are on the new twin of their item."""

    def change(fields: Fields) -> Fields | None:
        if fields.get("type") != "interaction" or "item_id" not in fields:
            return None
        return {**fields, "item_id": f"{PREFIX}{fields['item_id']}"[:128]}

    return changed(log, bend, rng, change)
