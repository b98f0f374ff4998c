"""A large bundle is used where it lies in its files: the same as read whole, refused alike, older ones read on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from batch.nearest import with_index
from contracts.errors import BundleRejected
from model import bundle as bundles
from model import tensors
from model.bundle import CATALOGUE, FILES, ITEMS, LISTING, Bundle, pack, read, unpack, write
from model.listing import Listing
from model.manifest import MANIFEST
from model.shelf import Shelf
from tests.fakes.bundle import random_bundle
from tests.model.test_bundle import resealed

QUERIES = np.random.default_rng(1).normal(0, 1, (50, 8)).astype(np.float32)
BUNDLE = with_index(random_bundle(n_items=300, hidden=8, dim=8), lambda: QUERIES, least=100)


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "EXACT", 100)
    monkeypatch.setattr(tensors, "MAPPED", 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(BUNDLE, tmp_path / BUNDLE.version)
    return tmp_path / BUNDLE.version


def test_a_large_bundle_comes_back_as_it_was_written(folder: Path) -> None:
    found = read(folder)
    assert isinstance(found.catalogue, Listing)
    _same(found, BUNDLE)
    assert found.traits.known == BUNDLE.traits.known
    assert pack(found) == pack(BUNDLE)


def test_its_arrays_lie_in_the_file_and_the_encoder_and_the_index_use_the_same(folder: Path) -> None:
    found = read(folder)
    assert found.nearest
    assert not found.vectors.flags.owndata
    assert np.shares_memory(found.vectors, found.encoder.parameters["vectors"])
    assert np.shares_memory(found.vectors, found.nearest._vectors)
    one = QUERIES[0]
    assert BUNDLE.nearest
    np.testing.assert_array_equal(found.nearest.search(one, 20), BUNDLE.nearest.search(one, 20))


def test_a_shelf_on_this_machine_maps_it_too(tmp_path: Path) -> None:
    shelf = Shelf(str(tmp_path))
    shelf.add(BUNDLE)
    found = Shelf(str(tmp_path)).load(BUNDLE.version)
    assert isinstance(found.catalogue, Listing)
    assert not found.vectors.flags.owndata
    _same(found, BUNDLE)


def test_a_shelf_elsewhere_is_read_whole() -> None:
    shelf = Shelf("memory://large")
    shelf.add(BUNDLE)
    _same(Shelf("memory://large").load(BUNDLE.version), BUNDLE)


@pytest.mark.parametrize("name", [ITEMS, CATALOGUE, LISTING])
def test_one_flipped_bit_of_a_mapped_file_is_refused(folder: Path, name: str) -> None:
    raw = bytearray((folder / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / name).write_bytes(raw)
    with pytest.raises(BundleRejected, match=f"{name}.*checksum"):
        read(folder)


def test_a_listing_that_was_lost_is_refused_by_name(folder: Path) -> None:
    (folder / LISTING).unlink()
    with pytest.raises(BundleRejected, match=LISTING):
        read(folder)


def test_numbers_that_are_not_finite_are_refused_wherever_they_stand() -> None:
    vectors = BUNDLE.vectors.copy()
    vectors[-1, -1] = np.inf
    with pytest.raises(ValueError, match="not finite"):
        replace(BUNDLE, vectors=vectors)


@pytest.mark.parametrize("raw", [b"", save({}), save({"starts": np.zeros(3, np.int64)})])
def test_a_listing_that_does_not_fit_is_refused_with_right_checksums(raw: bytes) -> None:
    with pytest.raises(BundleRejected, match="does not fit together"):
        unpack(resealed({**pack(BUNDLE), LISTING: raw}, (*FILES, LISTING)))


def test_a_listing_of_another_catalogue_is_refused() -> None:
    other = pack(replace(BUNDLE, catalogue=BUNDLE.catalogue[::-1]))
    assert len(other[CATALOGUE]) == len(pack(BUNDLE)[CATALOGUE])
    with pytest.raises(BundleRejected, match="does not fit together"):
        unpack(resealed({**pack(BUNDLE), CATALOGUE: other[CATALOGUE]}, (*FILES, LISTING)))


def test_a_bundle_of_before_listings_is_read_on() -> None:
    older = resealed({name: raw for name, raw in pack(BUNDLE).items() if name != LISTING})
    found = unpack(older)
    assert isinstance(found.catalogue, tuple)
    _same(found, BUNDLE)


def test_code_of_before_listings_finds_every_file_that_it_knows() -> None:
    files = pack(BUNDLE)
    assert set(files) - {LISTING} == {*FILES, MANIFEST}
    assert files[CATALOGUE] == pack(replace(BUNDLE, lists=None))[CATALOGUE]


def test_a_small_bundle_has_no_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "EXACT", len(BUNDLE.catalogue))
    assert LISTING not in pack(BUNDLE)


def _same(found: Bundle, wanted: Bundle) -> None:
    assert tuple(found.catalogue) == tuple(wanted.catalogue)
    for name in ("vectors", "bias", "moods", "popularity", "content_projection"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    np.testing.assert_array_equal(found.traits.numbers, wanted.traits.numbers)
    assert found.lists
    assert wanted.lists
    np.testing.assert_array_equal(found.lists.of_item, wanted.lists.of_item)
    ids = [item.item_id for item in wanted.catalogue]
    assert found.index.rows(ids).tolist() == wanted.index.rows(ids).tolist()
