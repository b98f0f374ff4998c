"""The token that posting events gives: the events themselves, for a later request to carry where the stream is late."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from contracts.errors import InvalidEvent
from contracts.events import Context, Erase, Id, Interaction, MoodEvent
from online.answer.asked import MAX_TOKEN
from online.learn.enrich import Enricher

KEPT: Final = 32
"""The last events of a user that one token holds."""
Foldable = Interaction | MoodEvent | Erase


class Sent(msgspec.Struct, array_like=True, frozen=True):
    """One event with its place in the log and its arrival, UTC ms."""

    partition: int
    offset: int
    arrival: int
    event: Foldable


class Token(msgspec.Struct, array_like=True, frozen=True):
    """One user's events."""

    version: Literal[1]
    user_id: Id
    sent: list[Sent]


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Token)


def issue(user_id: str, sent: Sequence[Sent], enricher: Enricher) -> str:
    """The token of these events of one user, the last `KEPT`; it holds neither address nor user agent."""
    return urlsafe_b64encode(
        _encoder.encode(Token(1, user_id, [_bare(one, enricher) for one in sent[-KEPT:]]))
    ).decode()


def read(text: str) -> Token:
    """The token in this text; raises `InvalidEvent` for anything else."""
    if len(text) > MAX_TOKEN:
        raise InvalidEvent(f"a token may have {MAX_TOKEN:,} characters, this one has {len(text):,}")
    try:
        return _decoder.decode(urlsafe_b64decode(text.encode()))
    except (NotBase64, UnicodeError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise InvalidEvent("not a token of this API") from error


def _bare(sent: Sent, enricher: Enricher) -> Sent:
    """What the stream will see of the event, and nothing more."""
    event = sent.event
    row = enricher.enrich(event, partition=sent.partition, offset=sent.offset, arrival=sent.arrival)
    mood = event.context.mood if event.context else None
    where = Context(place=row.place[:256] or None, device=row.device[:256] or None, mood=mood)
    return msgspec.structs.replace(sent, event=msgspec.structs.replace(event, context=where))
