"""How a partition's drift lies in the store, beside the calibrator: msgpack with the codec's version and checksum."""

import logging
from typing import Any, Final

import msgspec

from contracts.errors import StateTooNew, StateUnreadable
from contracts.rollout import Rollout
from online.learn.drift.block import Block
from online.learn.drift.signals import ALL
from online.learn.drift.timeline import Timeline
from online.store.codec import decoded, encoded
from online.store.protocol import NO_ROLLOUT

log: Final = logging.getLogger("moodstream.drift")
_TABLE: Final = [one.about for one in ALL]


class Running(msgspec.Struct, array_like=True):
    """What each batch changes."""

    rollout: Rollout = NO_ROLLOUT
    block: Block = msgspec.field(default_factory=Block)
    last: int = -1
    """The offset of the last record that was an event."""


class _Kept(msgspec.Struct, array_like=True):
    """What only a block's end changes."""

    table: list[str]
    """The columns that the code had which wrote it: with others the timeline begins anew."""
    timeline: Timeline


_running_decoder: Final = msgspec.msgpack.Decoder(Running)
_kept_decoder: Final = msgspec.msgpack.Decoder(_Kept)
_table_decoder: Final = msgspec.msgpack.Decoder(tuple[list[str], Any])


def pack_running(running: Running) -> bytes:
    return encoded(running)


def pack_timeline(timeline: Timeline) -> bytes:
    return encoded(_Kept(_TABLE, timeline))


def unpacked(running: bytes, kept: bytes) -> tuple[Running, Timeline]:
    """What these bytes hold; new ones where they are none, damaged or of another table. Raises `StateTooNew`."""
    timeline, said = timeline_of(kept), Running()
    try:
        if running:
            said = decoded(_running_decoder, running)
    except StateTooNew:
        raise
    except StateUnreadable as error:
        log.warning("drift begins a new block: %s", error)
    if timeline is None:
        return Running(said.rollout, last=said.last), Timeline()
    return said, timeline


def timeline_of(kept: bytes) -> Timeline | None:
    """The timeline in these bytes; None where there is none that this code can go on with. Raises `StateTooNew`."""
    try:
        if kept and decoded(_table_decoder, kept)[0] == _TABLE:
            return decoded(_kept_decoder, kept).timeline
    except StateTooNew:
        raise
    except StateUnreadable as error:
        log.warning("drift is watched anew: %s", error)
    return None
