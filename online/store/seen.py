"""What a user has seen: a scalable Bloom filter (Almeida et al., 2007), a larger layer added when one is full."""

import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.errors import StateUnreadable
from online.store.state import hash64

_FIRST: Final = 64
"""Items in the first layer; each further layer holds four times as many."""
_GROWTH: Final = 4
_HEADER: Final = struct.Struct("<BI")
_VERSION: Final = 1


def _layer_rate(layer: int) -> float:
    """False positives of one layer: they add up to less than 1% over all."""
    return 0.005 * 0.5**layer


def _layer_items(layer: int) -> int:
    return int(_FIRST * _GROWTH**layer)


@lru_cache
def _layer_shape(layer: int) -> tuple[int, int]:
    """Bits (a multiple of 8) and hash functions of one layer, at the optimum for its rate."""
    bits = -_layer_items(layer) * np.log(_layer_rate(layer)) / np.log(2) ** 2
    return int(np.ceil(bits / 8)) * 8, max(1, round(-np.log2(_layer_rate(layer))))


class SeenFilter:
    """At most 1% false positives, at 10,000 items too; never a false negative."""

    def __init__(self, count: int = 0, layers: list[NDArray[np.uint8]] | None = None) -> None:
        self.count = count
        """Items added; one that was there already isn't counted."""
        self._layers = layers or []

    def add(self, item_id: str) -> None:
        """Remember this item."""
        item = np.array([hash64(item_id)], np.uint64)
        if self.contains(item)[0]:
            return
        if self.count >= sum(map(_layer_items, range(len(self._layers)))):
            self._layers.append(np.zeros(_layer_shape(len(self._layers))[0] // 8, np.uint8))
        layer = len(self._layers) - 1
        for bit in _bits(item, layer)[0]:
            self._layers[layer][bit >> 3] |= 1 << (bit & 7)
        self.count += 1

    def contains(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these items (n,) of `hash64` were added: (n,)."""
        found = np.zeros(len(hashes), np.bool_)
        for layer, bitmap in enumerate(self._layers):
            bits = _bits(hashes, layer)
            found |= ((bitmap[bits >> 3] >> (bits & 7).astype(np.uint8)) & 1).all(axis=1)
        return found

    def to_bytes(self) -> bytes:
        """A version byte, the count, then the layers, whose sizes follow from their number."""
        return _HEADER.pack(_VERSION, self.count) + b"".join(layer.tobytes() for layer in self._layers)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SeenFilter":
        """The filter in these bytes; raises `StateUnreadable` for a newer one's or damaged ones."""
        if len(raw) < _HEADER.size or raw[0] != _VERSION:
            raise StateUnreadable(f"a seen filter of version {raw[:1].hex() or 'none'}; this code reads {_VERSION}")
        layers: list[NDArray[np.uint8]] = []
        at = _HEADER.size
        while at < len(raw):
            size = _layer_shape(len(layers))[0] // 8
            layers.append(np.frombuffer(raw, np.uint8, size, at).copy() if at + size <= len(raw) else _damaged())
            at += size
        return cls(_HEADER.unpack_from(raw)[1], layers)


def _bits(hashes: NDArray[np.uint64], layer: int) -> NDArray[np.int64]:
    """The bits of these items (n,) in one layer: (n, k), by enhanced double hashing (Dillinger and Manolios, 2004).

    Plain double hashing was seen to mistake 1.1% in layers this small.
    """
    size, k = _layer_shape(layer)
    low, high = hashes & np.uint64(0xFFFFFFFF), hashes >> np.uint64(32)
    i, cubic = _steps(k)
    places = low[:, None] + i * high[:, None] + cubic
    return (places % np.uint64(size)).astype(np.int64)


@lru_cache
def _steps(k: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    i = np.arange(k, dtype=np.uint64)
    return i, (i**3 - i) // np.uint64(6)


def _damaged() -> NDArray[np.uint8]:
    raise StateUnreadable("a damaged seen filter; `moodstream rebuild` makes it again")


def hashes(item_ids: Iterable[str]) -> NDArray[np.uint64]:
    """The hashes (n,) that `contains` takes."""
    return np.array([hash64(item_id) for item_id in item_ids], np.uint64)
