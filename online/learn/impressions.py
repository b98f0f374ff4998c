"""What a user was shown and what became of it: taken, or abandoned within the window."""

from collections.abc import Mapping


class Impressions:
    """What one user was shown of late; a pure function of their events."""


def fatigue(shown: Impressions, now: int) -> Mapping[str, float]:
    """Item id → how often it was shown of late (UTC ms) without being taken, faded by age; no items when none."""
    return {}
