"""Records that the Kinesis Producer Library has packed together: unpacked in their order.

The form: four magic bytes, a protobuf message `AggregatedRecord`, and its MD5
(https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md).
"""

from collections.abc import Iterator
from hashlib import md5
from typing import Final

from contracts.errors import InvalidEvent

MAGIC: Final = b"\xf3\x89\x9a\xc2"
_DIGEST: Final = 16
_RECORDS: Final = 3
"""The field of `AggregatedRecord` that holds the records."""
_DATA: Final = 3
"""The field of a record that holds its bytes."""


def is_aggregated(data: bytes) -> bool:
    """Whether these bytes claim to be records packed together."""
    return data.startswith(MAGIC)


def unpacked(data: bytes) -> list[bytes]:
    """The bytes of each record in it; raises `InvalidEvent` where they're damaged."""
    message = data[len(MAGIC) : -_DIGEST]
    if md5(message, usedforsecurity=False).digest() != data[-_DIGEST:]:
        raise InvalidEvent("an aggregated record of the Kinesis Producer Library whose checksum is wrong")
    return [_data(record) for field, record in _fields(message) if field == _RECORDS]


def _data(record: bytes) -> bytes:
    return next((value for field, value in _fields(record) if field == _DATA), b"")


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a protobuf message that hold bytes, with their numbers."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        field, kind = tag >> 3, tag & 7
        if kind == 0:
            _, at = _varint(message, at)
            continue
        if kind != 2:
            raise InvalidEvent(f"an aggregated record with a field of wire type {kind}")
        size, at = _varint(message, at)
        if at + size > len(message):
            raise InvalidEvent("an aggregated record that is cut off")
        yield field, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number there, and where it ends."""
    value = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise InvalidEvent("an aggregated record that is cut off")
