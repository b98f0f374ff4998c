"""What an evaluation found: the schema of `moodstream evaluate --json`, described in docs/evaluate.md."""

from collections.abc import Mapping
from typing import Final

import msgspec

from batch.measures import Measure

SCHEMA: Final = 1

Means = dict[str, float]
"""By metric."""
Intervals = dict[str, tuple[float, float]]
"""By metric: the ends of the 95% interval."""


def means(found: Mapping[str, Measure]) -> Means:
    """Of measures by metric."""
    return {metric: one.mean for metric, one in found.items()}


def intervals(found: Mapping[str, Measure]) -> Intervals:
    """Of measures by metric."""
    return {metric: (one.low, one.high) for metric, one in found.items()}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The protocol's choices."""

    trained: float
    """The share of the events that trained."""
    most_of_a_user: int
    repeats: str
    retrain: str
    """The schedule of `whole`: `never`, `every=N` or `nightly`."""
    max_events: int | None
    seed: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the scored events: HR@10 and NDCG@10 on them."""

    n_events: int
    n_users: int
    systems: dict[str, Means]
    intervals: dict[str, Intervals]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One step from everything frozen to everything fresh."""

    stage: str
    system: str
    gained: dict[str, Measure]
    """Over the stage before; empty for the first."""


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """How often the union of all sources' candidates held the item at all (`recall`), and among its first 200."""

    recall: float
    recall_at_200: float = msgspec.field(name="recall@200")


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; names of systems are the same everywhere."""

    schema: int = SCHEMA
    dataset: str
    protocol: str
    """In one sentence."""
    chosen: Chosen
    bundle: str
    """The version trained on the first part."""
    bundles: dict[int, str]
    """What `whole` went on with: scored events before it → version."""
    n_events: int
    n_users: int
    n_items: int
    """The catalogue, with those that only the replay brought."""
    new_users: float
    """The share of the events by users without an event before the split."""
    systems: dict[str, Means]
    """By `measures.NAMES`, with `coverage@10` and `diversity@10`."""
    intervals: dict[str, Intervals]
    gained: dict[str, dict[str, Measure]]
    """How much better the whole is than each other system, on the same events: mean, and the interval's ends."""
    freshness: list[Stage]
    groups: dict[str, dict[str, Group]]
    """`known`, `history`, `popularity` and `gap`, each with its groups in order."""
    candidates: Candidates
    diversity_cost: dict[str, Measure]
    """What the order by score alone would gain over the order served."""
    seconds: dict[str, float]
    """By job, and for training (`train`)."""
