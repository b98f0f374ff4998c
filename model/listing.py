"""The items of a large catalogue, read from where they lie in the bundle's file as they are wanted.

A million items as objects take a gigabyte and seconds in every process. Here the catalogue stays JSON, and beside it
lies where each item begins, the items in order of their ids' hashes, and what they share: each is searched as it lies.
"""

import mmap
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.hashing import hash64
from model.index import FIRST, UNKNOWN
from model.items import Item
from model.traits import GROUPS, Traits, traits

Rows = NDArray[np.int32]
Arrays = Mapping[str, NDArray[Any]]


class _Named(msgspec.Struct):
    """As much of an item as its id."""

    item_id: str


_REMEMBERED: Final = 32_768
"""Ids whose rows were asked for last, some 5 MB: what is taken and shown is so again."""
_FEW: Final = 64
"""Ids that are looked up one by one: those of one answer, as a rule."""
_item: Final = msgspec.json.Decoder(Item)
_named: Final = msgspec.json.Decoder(_Named)
_names: Final = msgspec.json.Decoder(list[str])
_TYPES: Final = {
    "starts": np.int64,
    "hashes": np.uint64,
    "places": np.int32,
    "traits": np.int32,
    "usual": np.float32,
    "trait_names": np.uint8,
    "category_rows": np.int32,
    "category_starts": np.int64,
    "category_names": np.uint8,
}


def listed(items: Sequence[Item], popularity: NDArray[np.float32]) -> tuple[bytes, dict[str, NDArray[Any]]]:
    """The catalogue as JSON, and the arrays that a `Listing` reads it by; `popularity` (rows,) as a bundle has it."""
    each = [msgspec.json.encode(item) for item in items]
    hashes = np.fromiter((hash64(item.item_id) for item in items), np.uint64, len(items))
    order = hashes.argsort(kind="stable")
    shared, by_category = traits(items, popularity), categories(enumerate(items, FIRST))
    rows = list(by_category.values())
    found = {
        "starts": 1 + np.cumsum([0, *(len(raw) + 1 for raw in each)]),
        "hashes": hashes[order],
        "places": order,
        "traits": shared.numbers,
        "usual": shared.usual,
        "trait_names": _bytes(list(shared.known)),
        "category_rows": np.concatenate([np.zeros(0, np.int32), *rows]),
        "category_starts": np.cumsum([0, *map(len, rows)]),
        "category_names": _bytes(list(by_category)),
    }
    return b"[" + b",".join(each) + b"]", {name: array.astype(_TYPES[name]) for name, array in found.items()}


def categories(items: Iterable[tuple[int, Item]]) -> dict[str, Rows]:
    """The rows of each category, in small letters, of items with their rows."""
    rows: dict[str, list[int]] = {}
    for row, item in items:
        for category in item.categories:
            rows.setdefault(category.strip().casefold(), []).append(row)
    return {category: np.array(of, np.int32) for category, of in rows.items()}


class Listing(Sequence[Item]):
    """The items in order, each decoded when it's asked for; with them what `listed` found once for all processes."""

    def __init__(self, raw: bytes | mmap.mmap, arrays: Arrays) -> None:
        """Raises `KeyError` or `ValueError` unless these are JSON and arrays of `listed`, every item of them right."""
        self._raw = memoryview(raw)
        self._starts = arrays["starts"]
        _check(arrays, len(raw))
        self._check_items()
        self.by_id = ListingIndex(self._id, arrays["hashes"], arrays["places"])
        known = {name: number for number, name in enumerate(_names.decode(arrays["trait_names"].tobytes()), 1)}
        self.traits = Traits(known, arrays["traits"], arrays["usual"])
        if len(known) != len(arrays["usual"]) - 1:
            raise ValueError(f"the listing names {len(known)} traits and counts {len(arrays['usual']) - 1}")
        names = _names.decode(arrays["category_names"].tobytes())
        if len(names) != len(arrays["category_starts"]) - 1:
            raise ValueError(f"the listing names {len(names)} categories")
        slices = pairwise(arrays["category_starts"].tolist())
        self.by_category: Mapping[str, Rows] = {
            name: arrays["category_rows"][begin:end] for name, (begin, end) in zip(names, slices, strict=True)
        }
        """The rows of each category, in small letters."""

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        return _item.decode(self._at(range(len(self))[place]))

    def __iter__(self) -> Iterator[Item]:
        return (_item.decode(self._raw[start : end - 1]) for start, end in pairwise(self._starts.tolist()))

    def _at(self, place: int) -> memoryview:
        return self._raw[self._starts[place] : self._starts[place + 1] - 1]

    def _id(self, place: int) -> str:
        return _named.decode(self._at(place)).item_id

    def _check_items(self) -> None:
        """Every item must be one, and stand between brackets and commas; half a second for a million."""
        if not len(self) or bytes(self._raw[:1]) != b"[" or bytes(self._raw[-1:]) != b"]":
            raise ValueError("the listing is of another catalogue")
        for _ in self:
            pass


class ListingIndex:
    """Item ids to rows and back, by the hashes of the ids in order."""

    def __init__(self, id_at: Callable[[int], str], hashes: NDArray[np.uint64], places: Rows) -> None:
        """`id_at` is the id of the item at a place; of the items in order of `hashes` (n,) these are the `places`."""
        self._id_at = id_at
        self._hashes = hashes
        self._sorted = hashes.data
        """Searched a third as long as an array, for one id."""
        self._places = places
        self.row = lru_cache(_REMEMBERED)(self._row)
        """The row of an item, `UNKNOWN` if the bundle doesn't know it."""

    def __len__(self) -> int:
        return len(self._places) + FIRST

    def __contains__(self, item_id: str) -> bool:
        return self.row(item_id) != UNKNOWN

    def _row(self, item_id: str) -> int:
        code = hash64(item_id)
        return self._from(bisect_left(self._sorted, code), code, item_id)

    def rows(self, item_ids: Sequence[str]) -> Rows:
        """The rows of many items, (n,) int32."""
        if len(item_ids) <= _FEW:
            return np.array([self.row(item_id) for item_id in item_ids], np.int32)
        codes = [hash64(item_id) for item_id in item_ids]
        begins = self._hashes.searchsorted(np.array(codes, np.uint64)).tolist()
        return np.fromiter(map(self._from, begins, codes, item_ids), np.int32, len(codes))

    def item_id(self, row: int) -> str:
        """The id at this row; raises `IndexError` for the two rows without an item."""
        if row < FIRST:
            raise IndexError(f"row {row} belongs to no item")
        return self._id_at(row - FIRST)

    def _from(self, at: int, code: int, item_id: str) -> int:
        """Two ids may have the same hash, so that the id itself is looked at."""
        while at < len(self._places) and self._sorted[at] == code:
            place = int(self._places[at])
            if self._id_at(place) == item_id:
                return place + FIRST
            at += 1
        return UNKNOWN


def _bytes(names: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer(msgspec.json.encode(names), np.uint8)


def _check(arrays: Arrays, size: int) -> None:
    """Raises `KeyError` or `ValueError` for arrays that don't fit each other or a catalogue of so many bytes."""
    n, usual, in_category = len(arrays["places"]), len(arrays["usual"]), len(arrays["category_rows"])
    shapes: dict[str, tuple[int, ...]] = {
        "starts": (n + 1,),
        "hashes": (n,),
        "places": (n,),
        "traits": (n + FIRST, sum(GROUPS.values())),
        "usual": (usual,),
        "category_rows": (in_category,),
    }
    for name, kind in _TYPES.items():
        array = arrays[name]
        if array.dtype != kind or array.shape != shapes.get(name, array.shape):
            raise ValueError(f"the listing's {name} is {array.dtype} {array.shape}")
    starts, groups = arrays["starts"], arrays["category_starts"]
    if starts[0] != 1 or starts[-1] != size or (starts[1:] <= starts[:-1]).any():
        raise ValueError("the listing's items don't lie one behind the other")
    if (arrays["hashes"][1:] < arrays["hashes"][:-1]).any() or not _within(arrays["places"], 0, n):
        raise ValueError("the listing's hashes are in no order, or of no items")
    if not groups.size or groups[0] != 0 or groups[-1] != in_category or (groups[1:] < groups[:-1]).any():
        raise ValueError("the listing's categories don't lie one behind the other")
    if not _within(arrays["category_rows"], FIRST, n + FIRST) or not _within(arrays["traits"], 0, usual):
        raise ValueError("the listing's categories or traits are of no items, or none")


def _within(values: NDArray[Any], least: int, below: int) -> bool:
    return not values.size or bool(values.min() >= least and values.max() < below)
