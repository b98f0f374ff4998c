"""The index finds what an exact search finds, comes back as it was written, and is refused where it doesn't fit."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save

from batch.nearest import RECALL, clustered, exactly, recall, with_index
from contracts.errors import BundleRejected
from model import manifest
from model.bundle import INDEX, Bundle, pack, unpack
from model.index import FIRST
from model.manifest import MANIFEST
from model.nearest import Lists, Nearest
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(n_items=3000, hidden=8, dim=16)
QUERIES = np.random.default_rng(1).normal(0, 1, (100, 16)).astype(np.float32)
INDEXED = with_index(BUNDLE, lambda: QUERIES, least=1000)
PACKED = pack(INDEXED)


def _lists() -> Lists:
    assert INDEXED.lists
    return INDEXED.lists


def test_a_small_catalogue_has_no_index() -> None:
    assert with_index(BUNDLE, lambda: QUERIES) is BUNDLE
    assert BUNDLE.nearest is None


def test_the_recall_that_the_bundle_states_is_had_on_queries_that_it_did_not_see() -> None:
    assert INDEXED.metrics["index"]["recall@100"] >= RECALL
    assert INDEXED.nearest
    others = np.random.default_rng(2).normal(0, 1, (100, 16)).astype(np.float32)
    found = [INDEXED.nearest.search(one, 100) for one in others]
    best = [exactly(INDEXED.vectors, INDEXED.bias, one) for one in others]
    assert recall(found, best, 100) >= RECALL - 0.02


def test_reading_every_list_is_an_exact_search() -> None:
    nearest = Nearest(replace(_lists(), probes=len(_lists().centres)), BUNDLE.vectors, BUNDLE.bias)
    for one in QUERIES[:20]:
        np.testing.assert_array_equal(nearest.search(one, 50), exactly(BUNDLE.vectors, BUNDLE.bias, one, 50))


def test_only_items_among_those_that_may_be_shown_are_found() -> None:
    among = np.zeros(len(BUNDLE.index), np.bool_)
    among[FIRST + 7 :: 3] = True
    nearest = Nearest(replace(_lists(), probes=len(_lists().centres)), BUNDLE.vectors, BUNDLE.bias)
    found = nearest.search(QUERIES[0], 5000, among)
    assert sorted(found.tolist()) == np.flatnonzero(among).tolist()


def test_the_same_seed_makes_the_same_index() -> None:
    first, again, other = (clustered(BUNDLE.vectors, BUNDLE.bias, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.centres, again.centres)
    np.testing.assert_array_equal(first.of_item, again.of_item)
    assert not np.array_equal(first.of_item, other.of_item)


def test_an_index_comes_back_as_it_was_written() -> None:
    found = unpack(PACKED)
    assert found.lists
    assert found.nearest
    np.testing.assert_array_equal(found.lists.centres, _lists().centres)
    np.testing.assert_array_equal(found.lists.of_item, _lists().of_item)
    assert found.lists.probes == _lists().probes
    assert found.metrics["index"] == INDEXED.metrics["index"]
    assert pack(found) == PACKED


@pytest.mark.parametrize(
    "wrong",
    [
        {"centres": _lists().centres[:, :-1].copy()},
        {"centres": np.full_like(_lists().centres, np.nan)},
        {"of_item": _lists().of_item[:-1].copy()},
        {"of_item": _lists().of_item.astype(np.int64)},
        {"of_item": np.full_like(_lists().of_item, len(_lists().centres))},
        {"of_item": np.full_like(_lists().of_item, -1)},
        {"probes": np.array([0], np.int32)},
        {"probes": np.array([1, 2], np.int32)},
        {"probes": np.array([len(_lists().centres) + 1], np.int32)},
    ],
)
def test_an_index_that_does_not_fit_is_refused(wrong: dict[str, np.ndarray]) -> None:
    right = {"centres": _lists().centres, "of_item": _lists().of_item, "probes": np.array([1], np.int32)}
    with pytest.raises(BundleRejected, match="does not fit"):
        unpack(_with(save({**right, **wrong})))


def test_an_index_that_lacks_a_part_is_refused() -> None:
    with pytest.raises(BundleRejected, match="does not fit"):
        unpack(_with(save({"centres": _lists().centres, "probes": np.array([1], np.int32)})))


def test_a_damaged_index_is_refused() -> None:
    raw = bytearray(PACKED[INDEX])
    raw[len(raw) // 2] ^= 1
    with pytest.raises(BundleRejected, match="checksum"):
        unpack({**PACKED, INDEX: bytes(raw)})


def test_an_index_of_another_catalogue_is_refused() -> None:
    fields = {"n_items": 20, "hidden": 8, "dim": 16}
    with pytest.raises(ValueError, match="not of 20 items"):
        replace(random_bundle(**fields), lists=_lists())


def _with(index: bytes) -> dict[str, bytes]:
    """The packed bundle with another index, and a manifest that names it."""
    files = {**{name: raw for name, raw in PACKED.items() if name != MANIFEST}, INDEX: index}
    said = manifest.unseal(PACKED[MANIFEST])
    return {**files, MANIFEST: manifest.seal(_replaced(said, files))}


def _replaced(said: manifest.Manifest, files: dict[str, bytes]) -> manifest.Manifest:
    return manifest.Manifest(
        version=said.version,
        created=said.created,
        watermark=said.watermark,
        schema=said.schema,
        files=manifest.checksums(files),
        metrics=said.metrics,
    )


def test_bundles_without_an_index_hold_none() -> None:
    found: Bundle = unpack(pack(BUNDLE))
    assert found.lists is None


def test_items_stand_list_by_list_and_stay_themselves() -> None:
    assert (np.diff(_lists().of_item) >= 0).all()
    assert INDEXED.catalogue != BUNDLE.catalogue
    rows = BUNDLE.index.rows([item.item_id for item in INDEXED.catalogue])
    assert sorted(rows.tolist()) == list(range(FIRST, len(BUNDLE.index)))
    for name in ("vectors", "bias", "moods", "popularity"):
        np.testing.assert_array_equal(getattr(INDEXED, name)[FIRST:], getattr(BUNDLE, name)[rows])
        np.testing.assert_array_equal(getattr(INDEXED, name)[:FIRST], getattr(BUNDLE, name)[:FIRST])
    np.testing.assert_array_equal(INDEXED.encoder.parameters["vectors"], INDEXED.vectors)


def test_the_index_reads_the_bundle_s_own_vectors() -> None:
    nearest = INDEXED.nearest
    assert nearest
    assert np.shares_memory(nearest._vectors, INDEXED.vectors)
    assert np.shares_memory(nearest._bias, INDEXED.bias)


def test_an_older_bundle_whose_items_stand_in_another_order_finds_the_same() -> None:
    older = replace(BUNDLE, lists=clustered(BUNDLE.vectors, BUNDLE.bias, seed=0))
    assert older.lists
    assert (np.diff(older.lists.of_item) < 0).any()
    for one in QUERIES[:20]:
        old, new = Nearest(replace(older.lists, probes=5), BUNDLE.vectors, BUNDLE.bias), _narrow()
        ids = [BUNDLE.index.item_id(row) for row in old.search(one, 50).tolist()]
        assert ids == [INDEXED.index.item_id(row) for row in new.search(one, 50).tolist()]


def _narrow() -> Nearest:
    return Nearest(replace(_lists(), probes=5), INDEXED.vectors, INDEXED.bias)
