"""A log bent for tests: a drift of a known kind, from a known moment on, of a known strength; same seed, same bytes."""

from batch.bend.bend import bend, parse
from batch.bend.told import KINDS, Bend, What

__all__ = ["KINDS", "Bend", "What", "bend", "parse"]
