"""How often a baseline that is fitted as a whole is fitted again during the replay."""

from typing import Final

LEAST: Final = 1_000
"""Events between two fits, at least."""


def events_between(operations: float) -> int:
    """Events of the replay from one fit to the next, for a fit of so many operations: each event pays for 5 million."""
    return max(LEAST, int(operations / 5e6))
