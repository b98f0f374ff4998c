"""How a part of a user's record lies in the store: a version byte, a checksum, the content; anything else is refused.

A version's layout never changes. Code reads its own version and all before it; fields that older code may drop are
added at a layout's end without a new version, everything else takes a new one.
"""

import struct
import zlib
from typing import Any, Final, TypeVar

import msgspec

from contracts.errors import StateTooNew, StateUnreadable

T = TypeVar("T")
CODEC_VERSION: Final = 3
"""1 had no checksum; before 3 a history was one msgpack array."""
_HEADER: Final = struct.Struct("<BI")
_encoder: Final = msgspec.msgpack.Encoder()


def sealed(content: bytes) -> bytes:
    """The content with this code's version byte and the CRC-32 of the content."""
    return _HEADER.pack(CODEC_VERSION, zlib.crc32(content)) + content


def version_of(raw: bytes) -> int:
    """The codec's version that these bytes say; 0 for none."""
    return raw[0] if raw else 0


def opened(raw: bytes) -> memoryview:
    """The content in these bytes.

    Raises `StateTooNew` for a newer code's, `StateUnreadable` for damaged ones; what version 1 wrote isn't checked.
    """
    version = version_of(raw)
    if version > CODEC_VERSION:
        raise StateTooNew(f"a state of codec {version:02x}; this code reads up to {CODEC_VERSION:02x}: upgrade it")
    if version == 1:
        return memoryview(raw)[1:]
    if len(raw) < _HEADER.size or version == 0:
        raise damaged(f"{len(raw)} bytes that begin with {raw[:1].hex() or 'nothing'}")
    content = memoryview(raw)[_HEADER.size :]
    if zlib.crc32(content) != _HEADER.unpack_from(raw)[1]:
        raise damaged("its checksum is another")
    return content


def encoded(part: object) -> bytes:
    """The part in msgpack, sealed."""
    return sealed(_encoder.encode(part))


def decoded(decoder: "msgspec.msgpack.Decoder[T]", raw: bytes) -> T:
    """The part in these bytes; raises `StateTooNew` and `StateUnreadable` as `opened` does."""
    return read(decoder, opened(raw))


def read(decoder: "msgspec.msgpack.Decoder[T]", content: bytes | memoryview) -> T:
    """What this msgpack holds; raises `StateUnreadable` where it's not what the decoder takes."""
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise damaged(error) from error


def column(kind: str, raw: bytes, n: int | None = None) -> list[Any]:
    """The values of a little-endian column, n of them where n is given; raises `StateUnreadable`."""
    size = struct.calcsize(f"<{kind}")
    if len(raw) % size or n not in (None, len(raw) // size):
        raise damaged("its columns differ in length")
    return list(struct.unpack(f"<{len(raw) // size}{kind}", raw))


def damaged(reason: object) -> StateUnreadable:
    """The error for bytes that no version's code can have written."""
    return StateUnreadable(f"a damaged state: {reason}; `moodstream rebuild --anew` makes it again")
