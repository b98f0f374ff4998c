"""An item's content as hashed features, and from them a vector, so that items nobody has touched yet have one.

Feature hashing after K. Weinberger et al., 2009, arXiv:0902.2206.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 4096
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_YEAR: Final = re.compile(r"\((1[89]\d\d|20\d\d)\)")
_DULL_WORDS: Final = "a an and as at by for from in into is it of on or s the their this to with"
_DULL: Final = frozenset(_DULL_WORDS.split())
_CATEGORY, _WORD_WEIGHT, _TEXT, _PERIOD = 2.0, 0.7, 0.3, 1.0


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the catalogue says of an item."""

    item_id: str
    title: str = ""
    categories: tuple[str, ...] = ()
    text: str = ""
    image: str = ""
    mood: str = ""
    """The catalogue's own word or emoji for the item's mood."""


Hashed = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Buckets (k,) and their weights (k,), of unit length together (empty where there is no content)."""


def hashed(item: Item) -> Hashed:
    """The item's content as weighted buckets of [0, BUCKETS): categories, words of title and text, year and decade."""
    weights: dict[int, float] = {}
    for name, weight in _features(item):
        code = zlib.crc32(name.encode())
        bucket = code % BUCKETS
        weights[bucket] = weights.get(bucket, 0.0) + (weight if code >> 31 else -weight)
    buckets = np.fromiter(weights, np.int32, len(weights))
    values = np.fromiter(weights.values(), np.float32, len(weights))
    length = float(np.sqrt((values * values).sum()))
    return buckets, values / np.float32(length) if length > 0 else values


def content_vector(projection: NDArray[np.float32], item: Item) -> NDArray[np.float32]:
    """The vector (d,) that `projection` (BUCKETS, d) gives to the item's content."""
    buckets, values = hashed(item)
    return np.asarray((projection[buckets] * values[:, None]).sum(axis=0), np.float32)


def content_vectors(projection: NDArray[np.float32], items: Sequence[Item]) -> NDArray[np.float32]:
    """The content vectors (n, d) of many items."""
    return np.stack([content_vector(projection, item) for item in items]) if items else projection[:0]


def words(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return _WORD.findall(text.casefold())


def traits_of(item: Item) -> tuple[list[str], list[str], list[str]]:
    """What an item shares with others: its categories, its year and decade, the words of its title."""
    year = _YEAR.search(item.title)
    return (
        [f"category={category.strip().casefold()}" for category in item.categories],
        [f"year={year[1]}", f"decade={year[1][:3]}"] if year else [],
        [f"word={word}" for word in dict.fromkeys(words(_YEAR.sub("", item.title))) if word not in _DULL],
    )


def _features(item: Item) -> Iterable[tuple[str, float]]:
    for names, weight in zip(traits_of(item), (_CATEGORY, _PERIOD, _WORD_WEIGHT), strict=True):
        yield from ((name, weight) for name in names)
    for word in dict.fromkeys(words(item.text)[:512]):
        if word not in _DULL:
            yield f"word={word}", _TEXT
