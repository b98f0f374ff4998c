"""What may be chosen of nights; a night's terms stand in its first record, so that one that goes on keeps its own."""

import msgspec

from batch.plan import MOST

HOUR_MS = 3_600_000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults suit a site of some hundred thousand events a day."""

    seed: int = 0
    days: float = 1.0
    """What is foretold in the evaluation: the log's last days, but at most half of what is new."""
    events: int = 2000
    """Foretold at most, and no more than a twentieth of them of one user."""
    reach: int = 100_000_000
    """Events of the lake that are read, the newest, by whole hours; 0: no limit."""
    hold: int = MOST
    """Events of the lake in memory at most: of more, everything of as many users as fit; 0: no limit."""
    held_out: int = 100_000
    """Of those, that are replayed to be foretold, at most."""
    scratch_every: int = 7
    """Each so many-th night trains from scratch, which also fits the ranker anew; 0: none."""
    margin: float = 0.05
    """By what share of the serving bundle's NDCG@10 the candidate may be worse, by the end of the 95% interval."""
    segment: float = 0.25
    """The same for each segment, where even the better end of the interval must not be worse."""
    share: float = 0.1
    """Of the users, on the canary; 0 promotes without one."""
    enough: int = 500
    """Pages shown by the canary, and their windows over, after which it is judged."""
    hours: float = 24.0
    """And after so long with fewer."""
    window_min: float = 30.0
    """What is taken within so many minutes of being shown counts as taken from there."""
    fall: float = 0.2
    """The share of the click rate by which the canary may be lower where chance can't be told apart."""
    allowed: tuple[str, ...] = ()
    """Checks that are overridden, by name."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """When nights begin by themselves."""

    at: str = "03:00"
    """UTC."""
    cooldown_h: float = 6.0
    """Hours between the beginning of a night and that of one by alarm."""
    most: int = 2
    """Nights by alarm in 24 hours."""
