"""Events that show what an alarm is about, of those that were sampled; and which parts of a mix have moved."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from online.learn.drift.change import Change
from online.learn.drift.known import UNIT
from online.learn.drift.note import Note
from online.learn.drift.signals import FIRST_MIX, MIXES, PARTS

_SHOWN: Final = 3
_HASHED: Final = ("items", "users")
"""Mixes whose parts are numbers of a hash, which tell nobody anything."""


class Moved(NamedTuple):
    """How a mix has moved."""

    gained: int
    """The part that gained most."""
    named: dict[str, tuple[float, float]]
    """The parts that moved most, each with its share before and after; none where they have no names."""

    @classmethod
    def of(cls, mix: int, before: Sequence[float], after: Sequence[float]) -> "Moved":
        name = MIXES[mix].name
        gains = [now - was for now, was in zip(after, before, strict=True)]
        most = sorted(range(len(gains)), key=lambda part: -abs(gains[part]))[:_SHOWN]
        named = {} if name in _HASHED else {PARTS[name][part]: (before[part], after[part]) for part in most}
        return cls(gains.index(max(gains)), named)


def examples_of(at: int, sampled: Sequence[Note], change: Change, moved: Moved | None) -> list[str]:
    """Ids of the sampled events that went furthest the way that the signal did, the newest first among equals.

    Of a mix, those of the part that gained most; the newest ones where none is such.
    """
    found: list[tuple[float, Note]]
    if moved:
        found = [(0, note) for note in sampled if note.parts and note.parts[at - FIRST_MIX] == moved.gained]
    else:
        way = 1 if change.after > change.before else -1
        said = [(value / UNIT, note) for note in sampled for column, value in note.pairs() if column == at]
        found = [(way * value, note) for value, note in said if way * (value - change.before) > 0]
    found = found or [(0, note) for note in sampled]
    in_order = sorted(found, key=lambda one: (one[0], one[1].offset), reverse=True)
    return [note.event_id for _, note in in_order[:_SHOWN]]
