"""How often a baseline that is fitted as a whole is fitted again during the replay."""

from typing import Final

LEAST: Final = 500
"""Events between two fits, at least."""


def events_between(operations: float) -> int:
    """Events of the replay from one fit of so many operations to the next; each event pays for 10 million of them."""
    return max(LEAST, int(operations / 10e6))
