"""A small MaxMind database for tests, by the format's specification (https://maxmind.github.io/MaxMind-DB/)."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

_METADATA: Final = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR: Final = bytes(16)
_STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 5, 6, 7, 9, 11


def write_database(path: Path, networks: Mapping[str, Any], kind: str = "GeoLite2-City") -> Path:
    """An IPv4 database with these records; strings, lists and maps only."""
    data = b""
    nodes: list[list[int | None]] = [[None, None]]
    offsets: dict[int, int] = {}
    for number, (network, record) in enumerate(networks.items()):
        offsets[-1 - number] = len(data)
        data += _value(record)
        _insert(nodes, IPv4Network(network), -1 - number)
    count = len(nodes)
    tree = b"".join(_pointer(side, count, offsets).to_bytes(3, "big") for node in nodes for side in node)
    path.write_bytes(tree + _SEPARATOR + data + _METADATA + _metadata(count, kind))
    return path


def _insert(nodes: list[list[int | None]], network: IPv4Network, record: int) -> None:
    bits = f"{int(network.network_address):032b}"[: network.prefixlen]
    at = 0
    for bit in bits[:-1]:
        follows = nodes[at][int(bit)]
        if follows is None:
            nodes.append([None, None])
            follows = nodes[at][int(bit)] = len(nodes) - 1
        at = follows
    nodes[at][int(bits[-1])] = record


def _pointer(side: int | None, count: int, offsets: Mapping[int, int]) -> int:
    if side is None:
        return count
    return side if side >= 0 else count + len(_SEPARATOR) + offsets[side]


def _metadata(count: int, kind: str) -> bytes:
    fields = {
        "binary_format_major_version": _number(_UINT16, 2),
        "binary_format_minor_version": _number(_UINT16, 0),
        "build_epoch": _number(_UINT64, 1_790_000_000),
        "database_type": _value(kind),
        "description": _value({"en": "A test"}),
        "ip_version": _number(_UINT16, 4),
        "languages": _value(["en"]),
        "node_count": _number(_UINT32, count),
        "record_size": _number(_UINT16, 24),
    }
    return _control(_MAP, len(fields)) + b"".join(_value(name) + encoded for name, encoded in fields.items())


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return _control(_STRING, len(text)) + text
    if isinstance(value, Mapping):
        return _control(_MAP, len(value)) + b"".join(_value(k) + _value(v) for k, v in value.items())
    return _control(_ARRAY, len(value)) + b"".join(map(_value, value))


def _number(kind: int, number: int) -> bytes:
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return _control(kind, len(digits)) + digits


def _control(kind: int, size: int) -> bytes:
    """The control byte, with a second one for the extended types; sizes below 29 only."""
    assert size < 29, "too long for this small writer"
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])
