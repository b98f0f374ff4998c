"""What a replay found: the schema of `moodstream replay --json`, described in docs/replay.md."""

from typing import Final

import msgspec

from batch.bend import Bend
from batch.evaluate.found import Intervals, Means
from batch.measures import Measure
from batch.snips import Estimate

SCHEMA: Final = 1


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the time: HR@10 and NDCG@10 of each bundle on the events in it."""

    since: int
    """UTC ms of arrival."""
    until: int
    scored: int
    systems: dict[str, Means]
    intervals: dict[str, Intervals]


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """How much better one bundle is than the one named first, on the same events."""

    bundle: str
    than: str
    gained: dict[str, Measure]
    """By metric: mean, and the ends of the 95% interval."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. What is before `seconds` depends on the log, the bundles and the options, and on nothing else."""

    schema: int = SCHEMA
    source: str
    since: int | None
    until: int | None
    first: int
    """Arrival of the first and the last event that wasn't only learned; UTC ms."""
    last: int
    warm: bool
    repeats: str
    every: int
    seed: int
    bends: list[Bend]
    events: int
    """Records, those that were only learned and those that were refused included."""
    learned_only: int
    """Of them, what came before `since`."""
    refused: int
    """Of them, what is no event: it would be a dead letter."""
    scored: int
    users: int
    """Of the scored events."""
    log_digest: str
    state_digest: str
    """Of the final states of the bundle; of several, of all of theirs."""
    state_digests: dict[str, str]
    systems: dict[str, Means]
    """By bundle, by `batch.measures.NAMES`; empty where nothing was scored."""
    intervals: dict[str, Intervals]
    paired: list[Paired]
    over_time: list[Stretch]
    click_rates: dict[str, Estimate]
    """By bundle: the share of what it shows that would be taken, by SNIPS; empty where no page explored."""
    namespaces: dict[str, str]
    """By bundle, where its states are in Redis."""
    seconds: float
    """From here on: of this run of the command and this machine."""
    events_per_second: float
    """Records that one bundle took in, asking included; of several, the mean."""
    asking: float
    """The share of the time that went into answers."""
