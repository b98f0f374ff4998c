"""Records packed together as the Kinesis Producer Library does it."""

from collections.abc import Sequence
from hashlib import md5

from stream.sources.kinesis.aggregated import MAGIC


def packed(records: Sequence[tuple[str, bytes]]) -> bytes:
    """(partition key, bytes) each; with the library's optional fields too."""
    keys = list(dict.fromkeys(key for key, _ in records))
    message = b"".join(_field(1, key.encode()) for key in keys)
    message += _field(2, b"123456789")  # an explicit hash key
    for key, data in records:
        tag = _field(4, _field(1, b"name"))
        message += _field(3, _number(1, keys.index(key)) + _number(2, 0) + _field(3, data) + tag)
    return MAGIC + message + md5(message, usedforsecurity=False).digest()


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    some = bytearray()
    while value >= 0x80:
        some.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*some, value])
