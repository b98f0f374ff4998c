"""The event that a letter's bytes, or their repair, are now; or why they still are none."""

from typing import Final

import msgspec

from contracts import events
from contracts.dead_letter import DeadLetter
from contracts.errors import InvalidEvent
from contracts.events import ControlRecord, Event, ItemEvent
from contracts.topics import EVENTS
from online.learn.enrich import Enricher
from online.learn.fold import Working

_ENRICHER: Final = Enricher()


class Repaired(msgspec.Struct, frozen=True):
    """An event that can be sent, and its bytes."""

    event: Event
    value: bytes


def repaired(letter: DeadLetter, raw: bytes) -> Repaired:
    """The event in these bytes, which are the letter's own or mend them; raises `InvalidEvent`.

    Where it has no `event_id` or `time` it gets those of the letter, always the same: sent twice, it has one effect.
    """
    value = _completed(letter, raw)
    event = events.decode(value)
    if isinstance(event, ControlRecord):
        raise InvalidEvent("a control record isn't sent again: the command that wrote it writes a new one")
    if not isinstance(event, ItemEvent):
        # as the learner will take it in, for a user of whom nothing is known
        row = _ENRICHER.enrich(event, partition=0, offset=0, arrival=letter.time)
        Working(event.user_id, None, "", EVENTS.name).apply(event, row)
    return Repaired(event, value)


def _completed(letter: DeadLetter, raw: bytes) -> bytes:
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return raw  # `decode` says what is wrong with it
    ours = {"event_id": f"letter-{letter.digest}-{letter.origin}"[:64], "time": letter.time}
    missing = {name: value for name, value in ours.items() if name not in fields}
    return msgspec.json.encode({**fields, **missing}) if missing else raw
