"""A listing is the catalogue itself, found by place, by id and by what items share; one that doesn't fit is refused."""

from typing import Any

import msgspec
import numpy as np
import pytest

from model import listing
from model.index import FIRST, UNKNOWN, ItemIndex
from model.items import Item
from model.listing import Listing, categories, listed
from model.traits import traits
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(n_items=200, hidden=8, dim=4)
ITEMS = (*BUNDLE.catalogue[:-1], Item('ü"\\,{', "The \u2028 [odd], {one}", ("Drama ", "drama", "Ø")))
RAW, ARRAYS = listed(ITEMS, BUNDLE.popularity)
LISTING = Listing(RAW, ARRAYS)


def test_the_catalogue_is_the_same_bytes_with_a_listing_and_without() -> None:
    assert msgspec.json.encode(ITEMS) == RAW


def test_items_come_back_one_by_one_and_together() -> None:
    assert len(LISTING) == len(ITEMS)
    assert tuple(LISTING) == ITEMS
    assert [LISTING[place] for place in range(len(ITEMS))] == list(ITEMS)
    assert LISTING[-1] == ITEMS[-1]
    assert LISTING[3:9:2] == ITEMS[3:9:2]
    with pytest.raises(IndexError):
        LISTING[len(ITEMS)]


def test_ids_are_found_as_in_memory() -> None:
    by_id, wanted = LISTING.by_id, ItemIndex(item.item_id for item in ITEMS)
    ids = [*(item.item_id for item in ITEMS), "nobody", "", "i0 "]
    assert [by_id.row(one) for one in ids] == [wanted.row(one) for one in ids]
    assert (
        by_id.rows(ids).tolist()
        == wanted.rows(ids).tolist()
        == by_id.rows(ids[:5]).tolist() + by_id.rows(ids[5:]).tolist()
    )
    assert len(by_id) == len(wanted)
    assert "i3" in by_id
    assert "nobody" not in by_id
    assert by_id.item_id(FIRST + 4) == ITEMS[4].item_id
    with pytest.raises(IndexError):
        by_id.item_id(1)


def test_ids_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "hash64", lambda _: 7)
    found = Listing(*listed(ITEMS, BUNDLE.popularity)).by_id
    assert [found.row(item.item_id) for item in ITEMS] == list(range(FIRST, len(ITEMS) + FIRST))
    assert found.rows([item.item_id for item in ITEMS]).tolist() == list(range(FIRST, len(ITEMS) + FIRST))
    assert found.row("nobody") == UNKNOWN


def test_what_items_share_is_what_would_be_found_anew() -> None:
    wanted = traits(ITEMS, BUNDLE.popularity)
    assert LISTING.traits.known == wanted.known
    np.testing.assert_array_equal(LISTING.traits.numbers, wanted.numbers)
    np.testing.assert_array_equal(LISTING.traits.usual, wanted.usual)
    by_category = categories(enumerate(ITEMS, FIRST))
    assert LISTING.by_category.keys() == by_category.keys()
    for name, rows in by_category.items():
        np.testing.assert_array_equal(LISTING.by_category[name], rows)


def _changed(name: str, place: int, value: Any) -> dict[str, Any]:
    array = ARRAYS[name].copy()
    array[place] = value
    return {name: array}


@pytest.mark.parametrize(
    "wrong",
    [
        _changed("starts", 0, 0),
        _changed("starts", 5, ARRAYS["starts"][6]),
        _changed("starts", 5, ARRAYS["starts"][5] + 1),
        _changed("starts", -1, len(RAW) + 1),
        {"starts": ARRAYS["starts"][:-1]},
        {"starts": ARRAYS["starts"].astype(np.int32)},
        _changed("hashes", 0, 2**64 - 1),
        _changed("places", 0, -1),
        _changed("places", 0, len(ITEMS)),
        _changed("traits", 9, -1),
        _changed("traits", 9, len(ARRAYS["usual"])),
        {"traits": ARRAYS["traits"][:, :-1]},
        {"usual": ARRAYS["usual"][:-1]},
        {"trait_names": ARRAYS["trait_names"][:-1]},
        {"trait_names": np.frombuffer(b'["one"]', np.uint8)},
        {"category_names": np.frombuffer(b"{}", np.uint8)},
        {"category_names": np.frombuffer(b'["one"]', np.uint8)},
        _changed("category_rows", 0, 0),
        _changed("category_rows", 0, len(ITEMS) + FIRST),
        _changed("category_starts", 1, 10**9),
        _changed("category_starts", 0, -1),
        {"category_starts": np.zeros(0, np.int64)},
    ],
)
def test_a_listing_that_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Listing(RAW, {**ARRAYS, **wrong})


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_a_listing_that_lacks_a_part_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        Listing(RAW, {other: array for other, array in ARRAYS.items() if other != name})


@pytest.mark.parametrize("place", [0, 1, len(RAW) - 1])
def test_a_catalogue_that_holds_something_else_is_refused(place: int) -> None:
    raw = bytearray(RAW)
    raw[place : place + 1] = b"}"
    with pytest.raises(ValueError, match=r".+"):
        Listing(bytes(raw), ARRAYS)
