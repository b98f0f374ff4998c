"""How records of a log are changed: those that arrived late enough, drawn by the seed, field by field."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from batch.bend.told import Bend
from online.learn.outgoing import Raw

Log = Sequence[Raw]
Fields = dict[str, Any]
"""Of one record, as its JSON has them."""


def changed(log: Log, bend: Bend, rng: random.Random, change: Callable[[Fields], Fields | None]) -> list[Raw]:
    """Of those records that `change` has something to say to, it has it of a share of `strength`."""
    return [_bent(raw, change, bend.strength, rng) if raw.time >= bend.since else raw for raw in log]


def _bent(raw: Raw, change: Callable[[Fields], Fields | None], share: float, rng: random.Random) -> Raw:
    fields = fields_of(raw)
    new = change(fields) if fields else None
    if new is None or rng.random() >= share:
        return raw
    return raw._replace(value=msgspec.json.encode(new))


def fields_of(raw: Raw) -> Fields | None:
    """The record's fields; None where it's no JSON object."""
    try:
        found = msgspec.json.decode(raw.value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None


def item_of(raw: Raw) -> str | None:
    """The item of an interaction; None of any other record."""
    fields = fields_of(raw)
    return str(fields["item_id"]) if fields and fields.get("type") == "interaction" and "item_id" in fields else None
