"""What a user has seen: a scalable Bloom filter (Almeida et al., 2007), a larger layer added when one is full."""

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.hashing import hash64
from online.store.codec import damaged, opened, sealed

_FIRST: Final = 64
"""Items in the first layer; each further layer holds four times as many."""
_GROWTH: Final = 4
_COUNT: Final = struct.Struct("<I")


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

    def __init__(self, count: int = 0, layers: list[bytearray] | None = None) -> None:
        self.count = count
        """Items added; one that was there already isn't counted."""
        self._layers = layers or []

    def add(self, item_id: str) -> None:
        """Remember this item."""
        item = hash64(item_id)
        for layer, bitmap in enumerate(self._layers):
            if all(bitmap[byte] & mask for byte, mask in _bits_of_one(item, layer)):
                return
        if self.count >= sum(map(_layer_items, range(len(self._layers)))):
            self._layers.append(bytearray(_layer_shape(len(self._layers))[0] // 8))
        newest = self._layers[-1]
        for byte, mask in _bits_of_one(item, len(self._layers) - 1):
            newest[byte] |= mask
        self.count += 1

    def contains(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of these items (n,) of `hash64` were added: (n,)."""
        found = np.zeros(len(hashes), np.bool_)
        for layer, held in enumerate(self._layers):
            bitmap = np.unpackbits(np.frombuffer(held, np.uint8), bitorder="little").view(np.bool_)
            found |= bitmap[_bits(hashes, layer)].all(axis=0)
        return found

    def to_bytes(self) -> bytes:
        """The count, then the layers, whose sizes follow from their number; sealed."""
        return sealed(_COUNT.pack(self.count) + b"".join(self._layers))

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SeenFilter":
        """The filter in these bytes; raises `StateTooNew` for a newer code's, `StateUnreadable` for damaged ones."""
        content = opened(raw)
        layers: list[bytearray] = []
        at = _COUNT.size
        while at < len(content):
            size = _layer_shape(len(layers))[0] // 8
            if at + size > len(content):
                raise damaged("a seen filter that ends within a layer")
            layers.append(bytearray(content[at : at + size]))
            at += size
        if len(content) < _COUNT.size or not _holds(count := _COUNT.unpack_from(content)[0], len(layers)):
            raise damaged("a seen filter whose layers don't hold what it counts")
        return cls(count, layers)


def _holds(count: int, layers: int) -> bool:
    """Whether so many items make just so many layers."""
    room = [0, *accumulate(map(_layer_items, range(layers)))]
    return count <= room[-1] and (not layers or count > room[-2])


def _bits(hashes: NDArray[np.uint64], layer: int) -> NDArray[np.int64]:
    """The bits of these items (n,) in one layer: (k, n), by enhanced double hashing (Dillinger and Manolios, 2004).

    Plain double hashing was seen to mistake 1.1% in layers this small.
    """
    bits, k = _layer_shape(layer)
    size = np.uint64(bits)
    low, high = (hashes & np.uint64(0xFFFFFFFF)) % size, (hashes >> np.uint64(32)) % size
    i, cubic = _steps(k)
    places = low + i * high + cubic
    return (places - places // size * size).view(np.int64)  # numpy's own remainder takes twice as long


@lru_cache(maxsize=1 << 14)
def _bits_of_one(item: int, layer: int) -> Sequence[tuple[int, int]]:
    """The same of one item: byte and mask of each. What is taken now was mostly taken by others just before."""
    size, k = _layer_shape(layer)
    low, high = item & 0xFFFFFFFF, item >> 32
    bits = [(low + i * high + (i**3 - i) // 6) % size for i in range(k)]
    return [(bit >> 3, 1 << (bit & 7)) for bit in bits]


@lru_cache
def _steps(k: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    i = np.arange(k, dtype=np.uint64)[:, None]
    return i, (i**3 - i) // np.uint64(6)


def hashes(item_ids: Iterable[str]) -> NDArray[np.uint64]:
    """The hashes (n,) that `contains` takes."""
    return np.array([hash64(item_id) for item_id in item_ids], np.uint64)
