"""Popularity shift: what was taken most is taken least from now on, and the other way round."""

import random
from collections import Counter

from batch.bend.change import Fields, Log, changed, item_of
from batch.bend.told import Bend


def popularity(log: Log, bend: Bend, rng: random.Random) -> Log:
    """A share of the interactions are on the item that stood as far from the other end of the order until then."""
    before = [raw for raw in log if raw.time < bend.since] or log
    taken = Counter(item for raw in before if (item := item_of(raw)))
    order = sorted(taken, key=lambda item: (-taken[item], item))
    other = dict(zip(order, reversed(order), strict=True))

    def change(fields: Fields) -> Fields | None:
        item = other.get(str(fields.get("item_id")))
        return {**fields, "item_id": item} if item and fields.get("type") == "interaction" else None

    return changed(log, bend, rng, change)
