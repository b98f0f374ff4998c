"""The items as one bundle sees them, with the changes of the catalogue laid over it: an immutable snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.events import ItemEvent
from model.affect import affects, agreement
from model.bundle import Bundle
from model.index import FIRST, UNKNOWN, ItemIndex
from model.items import Item, content_vectors
from model.listing import Listing, categories
from model.scoring import NEVER
from model.traits import Traits, traits
from online.answer.overlaid import Items, Vectors, units

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]
FITTING: Final = 0.7
"""The least agreement (a cosine) of an item that fits a mood."""
_SAMPLE: Final = 4096
_MASKS: Final = 16
"""Choices of categories of which it's kept which items they have."""
_NONE: Final = np.zeros(0, np.int32)


class Sample(NamedTuple):
    """Items drawn at random, always the same, each at most once; in order where not all are looked at."""

    rows: Rows
    vectors: Floats
    bias: Floats

    def scores(self, embedding: Floats) -> Floats:
        """(n,) of an embedding (d,)."""
        return np.asarray(self.vectors @ embedding + self.bias, np.float32)


@dataclass(frozen=True)
class Catalogue:
    """Arrays by row, as `model.index` numbers them; items that the bundle doesn't know follow those that it does."""

    bundle: Bundle | None
    items: Sequence[Item]
    """`items[i]` is at row i + FIRST."""
    vectors: Floats | Vectors
    """(rows, d); d is 0 without a bundle."""
    bias: Floats
    """(rows,)"""
    moods: Floats
    """(rows, 2): valence and arousal."""
    popularity: Floats
    """(rows,): log1p of a decayed count."""
    traits: Traits
    """What items share."""
    withdrawn: NDArray[np.bool_]
    """(rows,)"""
    fresh: Rows
    """The rows that the bundle doesn't know, newest first."""
    _added: Mapping[str, int] = field(repr=False)
    """The rows of the items that the bundle doesn't know."""
    changed: Rows = field(repr=False)
    """The rows of the items that the bundle knows otherwise."""
    _fitting: dict[int, NDArray[np.bool_]] = field(default_factory=dict, repr=False)
    _shown: dict[tuple[str, ...], NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> str:
        """The bundle's; empty without one."""
        return self.bundle.version if self.bundle else ""

    @property
    def repeats(self) -> bool:
        """Whether the bundle was trained to show again what a user has had."""
        return self.bundle is not None and self.bundle.repeats

    def __len__(self) -> int:
        return len(self.items) + FIRST

    @property
    def listing(self) -> Listing | None:
        """The bundle's items where they are so many that nothing is made of each."""
        return self.bundle.catalogue if self.bundle and isinstance(self.bundle.catalogue, Listing) else None

    def row(self, item_id: str) -> int:
        """`UNKNOWN` for an item that neither bundle nor catalogue has."""
        return self._added.get(item_id) or (self.bundle.index.row(item_id) if self.bundle else UNKNOWN)

    def rows(self, item_ids: Sequence[str]) -> Rows:
        """The rows (n,) of these items."""
        known = self.bundle.index.rows(item_ids) if self.bundle else np.full(len(item_ids), UNKNOWN, np.int32)
        if self._added:
            for place in np.flatnonzero(known == UNKNOWN).tolist():
                known[place] = self._added.get(item_ids[place], UNKNOWN)
        return known

    def item(self, item_id: str) -> Item:
        """What is known of an item: at least its id."""
        row = self.row(item_id)
        return Item(item_id) if row == UNKNOWN else self.items[row - FIRST]

    def ids(self, rows: Rows) -> list[str]:
        """The ids at these rows, none of which is below FIRST."""
        if self.listing:
            return [self.items[row - FIRST].item_id for row in rows.tolist()]
        ids = self._ids
        return [ids[row] for row in rows.tolist()]

    def in_categories(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows (rows,) are items of at least one of these; all items where none is named."""
        if not categories:
            mask = np.ones(len(self), np.bool_)
            mask[:FIRST] = False
            return mask
        mask = np.zeros(len(self), np.bool_)
        names = [category.strip().casefold() for category in categories]
        if listing := self.listing:
            for name in names:
                mask[listing.by_category.get(name, _NONE)] = True
            mask[self.changed] = False
        for name in names:
            mask[self._by_category.get(name, _NONE)] = True
        return mask

    def shown(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows (rows,) are items of these categories, as `in_categories` has it, that aren't withdrawn."""
        asked = tuple(categories)
        if asked not in self._shown:
            if len(self._shown) >= _MASKS:
                del self._shown[next(iter(self._shown))]
            self._shown[asked] = self.in_categories(asked) & ~self.withdrawn
        return self._shown[asked]

    def open(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows (rows,) may be shown where these categories are asked for: `UNKNOWN`'s, too, where none is."""
        if not categories:
            return self._open
        return self.shown(categories)

    def fitting(self, mood: int) -> NDArray[np.bool_]:
        """Which rows (rows,) are items that fit this mood."""
        if mood not in self._fitting:
            fits = agreement(self.moods, mood) >= FITTING
            fits[:FIRST] = False
            self._fitting[mood] = fits
        return self._fitting[mood]

    @cached_property
    def is_fresh(self) -> NDArray[np.bool_]:
        """(rows,): whether each row is one of `fresh`."""
        found = np.zeros(len(self), np.bool_)
        found[self.fresh] = True
        return found

    @cached_property
    def untried(self) -> NDArray[np.bool_]:
        """(rows,): whether nobody took it of whom the bundle learned, so that its vector is its content's, or none."""
        return np.equal(self.popularity, 0)

    @cached_property
    def sample(self) -> Sample:
        """What stands for all items where not all are looked at."""
        count = min(_SAMPLE, len(self.items))
        rows = np.random.default_rng(0).choice(len(self.items), count, replace=False).astype(np.int32) + FIRST
        if isinstance(self.vectors, Vectors):
            rows.sort()
        return Sample(rows, self.vectors[rows], self.bias[rows])

    def directions_of(self, rows: Rows) -> Floats:
        """The vectors (n, d) of these rows (n,) at unit length; zero for what has none, row 0 included."""
        if isinstance(self.vectors, Vectors):
            found = units(self.vectors[rows])
            found[rows < FIRST] = 0
            return found
        return self.directions.take(rows, axis=0)

    @cached_property
    def directions(self) -> Floats:
        """(rows, d): those of every row; a large bundle's are made where they're wanted."""
        directions = units(np.asarray(self.vectors))
        directions[:FIRST] = 0
        return directions

    @cached_property
    def by_popularity(self) -> Rows:
        """All items' rows, the most popular first."""
        return (np.argsort(-self.popularity[FIRST:], kind="stable") + FIRST).astype(np.int32)

    @cached_property
    def typical_bias(self) -> float:
        """That of the average item, for items nobody described."""
        return float(self.bias[FIRST:].mean()) if len(self.items) else 0.0

    @cached_property
    def _open(self) -> NDArray[np.bool_]:
        found = self.shown(()).copy()
        found[UNKNOWN] = True  # an item without content: nobody knows of which categories it is
        return found

    @cached_property
    def _ids(self) -> list[str]:
        return ["", "", *(item.item_id for item in self.items)]

    @cached_property
    def _by_category(self) -> dict[str, Rows]:
        """Of all items; of those alone that a listing doesn't know as they are."""
        if self.listing:
            rows = [*self.changed.tolist(), *self._added.values()]
            return categories((row, self.items[row - FIRST]) for row in rows)
        return categories(enumerate(self.items, FIRST))

    def prepared(self) -> "Catalogue":
        """The same, with what is derived made now, off the request path."""
        _ = self.by_popularity, self.typical_bias, self._by_category, self.sample, self._open, self.untried
        _ = self.bundle and self.bundle.nearest
        if not self.listing:
            _ = self._ids
        if not isinstance(self.vectors, Vectors):
            _ = self.directions
        return self


def catalogue(bundle: Bundle | None, changes: Mapping[str, ItemEvent]) -> Catalogue:
    """The items of a bundle (or of none), as changed since: `changes` by item id."""
    known = bundle.catalogue if bundle else ()
    index = bundle.index if bundle else ItemIndex(())
    new = sorted((change for item_id, change in changes.items() if item_id not in index), key=lambda one: one.item_id)
    rows = {change.item_id: row for row, change in enumerate(new, len(known) + FIRST)}
    changed = {index.row(item_id): _item(change) for item_id, change in changes.items() if item_id in index}
    changed = {row: item for row, item in sorted(changed.items()) if item != known[row - FIRST]}
    added = tuple(_item(change) for change in new)
    withdrawn = np.zeros(len(known) + len(new) + FIRST, np.bool_)
    gone = (item_id for item_id, change in changes.items() if change.withdrawn)
    withdrawn[[rows.get(item_id) or index.row(item_id) for item_id in gone]] = True
    newest = sorted(new, key=lambda change: change.time, reverse=True)
    return Catalogue(
        bundle=bundle,
        items=_items(known, changed, added),
        vectors=_vectors(bundle, changed, added),
        bias=_bias(bundle, len(added)),
        moods=_moods(bundle, changed, added),
        popularity=_popularity(bundle, len(added)),
        traits=_traits(bundle, changed, added),
        withdrawn=withdrawn,
        fresh=np.array([rows[change.item_id] for change in newest if not change.withdrawn], np.int32),
        _added=rows,
        changed=np.array(list(changed), np.int32),
    ).prepared()


def _item(change: ItemEvent) -> Item:
    return Item(change.item_id, change.title, tuple(change.categories), change.text, change.image, change.mood or "")


def _items(known: Sequence[Item], changed: Mapping[int, Item], added: Sequence[Item]) -> Sequence[Item]:
    if isinstance(known, Listing):
        return Items(known, {row - FIRST: item for row, item in changed.items()}, added) if changed or added else known
    items = list(known)
    for row, item in changed.items():
        items[row - FIRST] = item
    return (*items, *added)


def _vectors(bundle: Bundle | None, changed: Mapping[int, Item], added: Sequence[Item]) -> Floats | Vectors:
    """New items by their content; a changed one keeps what was learned and moves as its content did."""
    if bundle is None:
        return np.zeros((len(added) + FIRST, 0), np.float32)
    projection = bundle.content_projection
    rows, new = list(changed), content_vectors(projection, added)
    moved = content_vectors(projection, list(changed.values()))
    moved = moved - content_vectors(projection, [bundle.catalogue[row - FIRST] for row in changed])
    if bundle.lists:
        nothing = np.zeros_like(bundle.vectors[:1])
        return Vectors(bundle.vectors, [UNKNOWN, *rows], np.concatenate([nothing, bundle.vectors[rows] + moved, new]))
    vectors = np.concatenate([bundle.vectors, new]).astype(np.float32, copy=False)
    vectors[rows] += moved
    vectors[UNKNOWN] = 0
    return vectors


def _bias(bundle: Bundle | None, added: int) -> Floats:
    if bundle is None:
        return np.concatenate([np.full(FIRST, NEVER), np.zeros(added)]).astype(np.float32)
    if not added:
        return bundle.bias
    typical = bundle.bias[FIRST:].mean() if len(bundle.bias) > FIRST else 0.0
    return np.concatenate([bundle.bias, np.full(added, typical)]).astype(np.float32)


def _moods(bundle: Bundle | None, changed: Mapping[int, Item], added: Sequence[Item]) -> Floats:
    base = bundle.moods if bundle else np.zeros((FIRST, 2), np.float32)
    if not changed and not added:
        return base
    moods = np.concatenate([base, affects(added)]).astype(np.float32)
    if changed:
        moods[list(changed)] = affects(list(changed.values()))
    return moods


def _traits(bundle: Bundle | None, changed: Mapping[int, Item], added: Sequence[Item]) -> Traits:
    """By the bundle's counts; without one all items count alike."""
    if bundle is None:
        return traits(added, np.zeros(len(added) + FIRST, np.float32))
    return bundle.traits.changed(changed, added)


def _popularity(bundle: Bundle | None, added: int) -> Floats:
    known = bundle.popularity if bundle else np.zeros(FIRST, np.float32)
    return np.concatenate([known, np.zeros(added, np.float32)]).astype(np.float32) if added else known
