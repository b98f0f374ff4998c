"""What of a log is bent, from when on, and how much."""

from typing import Final, Literal, get_args

import msgspec

What = Literal["popularity", "new-items", "mood", "bots", "schema", "missing-field", "delay"]
KINDS: Final[tuple[What, ...]] = get_args(What)


class Bend(msgspec.Struct, frozen=True):
    """One drift."""

    what: What
    since: int
    """Records that arrive at this time (UTC ms) and later are bent."""
    strength: float
    """In (0, 1]: the share that is bent of what can be; each kind says of what."""
