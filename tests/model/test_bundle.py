"""A bundle comes back as it was written, and what is damaged, missing or of another schema is refused."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import BundleRejected
from model import manifest
from model.bundle import CATALOGUE, ENCODER, FILES, ITEMS, Bundle, pack, read, unpack, write
from model.manifest import MANIFEST, Manifest
from model.nearest import Lists
from model.ranker import FEATURES, LATER, Ranker
from tests.fakes.bundle import random_bundle, random_network

BUNDLE = replace(
    random_bundle(n_items=20, hidden=8, dim=4),
    ranker=Ranker(FEATURES, network=random_network(len(FEATURES))),
    lists=Lists(np.eye(4, 5, dtype=np.float32), np.arange(20, dtype=np.int32) % 4, probes=2),
)
PACKED = pack(BUNDLE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(BUNDLE, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_bundle_comes_back_as_it_was_written(folder: Path) -> None:
    found = read(folder)
    assert found.version == BUNDLE.version
    assert found.catalogue == BUNDLE.catalogue
    assert found.index.row("i3") == BUNDLE.index.row("i3") == 5
    for name in ("vectors", "bias", "moods", "popularity", "content_projection"):
        np.testing.assert_array_equal(getattr(found, name), getattr(BUNDLE, name))
    for name, value in BUNDLE.encoder.parameters.items():
        np.testing.assert_array_equal(found.encoder.parameters[name], value)
    assert found.ranker.names == BUNDLE.ranker.names
    features = np.random.default_rng(0).normal(0, 1, (5, len(FEATURES))).astype(np.float32)
    np.testing.assert_array_equal(found.ranker.score(features), BUNDLE.ranker.score(features))
    assert {path.name for path in folder.iterdir()} == {*FILES, MANIFEST}


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(PACKED)), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_refused(name: str, where: float, bit: int) -> None:
    raw = bytearray(PACKED[name])
    raw[int(where * len(raw))] ^= 1 << bit
    try:
        found = unpack({**PACKED, name: bytes(raw)})
    except BundleRejected:
        return
    # a blank of the manifest's layout says nothing
    assert name == MANIFEST
    assert pack(found) == PACKED


@pytest.mark.parametrize("name", sorted(PACKED))
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleRejected, match=name):
        read(folder)


@pytest.mark.parametrize("name", sorted(PACKED))
@pytest.mark.parametrize("kept", [0, 1, 100])
def test_a_file_that_was_cut_off_is_refused(folder: Path, name: str, kept: int) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:kept])
    with pytest.raises(BundleRejected, match=name):
        read(folder)


def test_another_schema_is_refused_with_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "FORMAT", 99)
    with pytest.raises(BundleRejected, match=r"has schema [0-9a-f]{16}, this code reads [0-9a-f]{16}"):
        unpack(PACKED)


def test_a_bundle_of_before_a_feature_came_is_read_on() -> None:
    assert manifest.schema_hash() == "d1ad7b2b5ba159ff", (
        "bundles that stand on shelves are refused, and streams on them"
    )
    names = tuple(name for name in FEATURES if name not in LATER)
    older = replace(random_bundle(), ranker=Ranker(names, np.ones(len(names), np.float32)))
    assert unpack(pack(older)).ranker.names == names


def test_a_pickle_in_the_folder_is_never_opened(folder: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("a pickle was executed",)

    (folder / "encoder.pkl").write_bytes(pickle.dumps(Trap()))
    assert read(folder).version == BUNDLE.version


def test_a_pickle_in_the_place_of_tensors_is_refused_even_with_a_right_checksum() -> None:
    with pytest.raises(BundleRejected, match="does not fit together"):
        unpack(resealed({**PACKED, ENCODER: pickle.dumps({"weight_ih": 1})}))


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        (CATALOGUE, b"[]"),
        (CATALOGUE, msgspec.json.encode((*BUNDLE.catalogue[:1],) * 20)),
        (CATALOGUE, b'{"no": "list"}'),
        (ENCODER, PACKED[ITEMS]),
        ("ranker.json", b"{}"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(name: str, raw: bytes) -> None:
    with pytest.raises(BundleRejected, match="does not fit together"):
        unpack(resealed({**PACKED, name: raw}))


def test_numbers_that_are_not_finite_are_never_put_into_a_bundle() -> None:
    bias = BUNDLE.bias.copy()
    bias[3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        replaced(BUNDLE, bias=bias)


def test_the_manifest_is_json_that_a_person_can_read(folder: Path) -> None:
    said = json.loads((folder / MANIFEST).read_text())
    assert said["version"] == BUNDLE.version
    assert said["watermark"] == {"time": 0, "count": 0}


def resealed(files: dict[str, bytes], names: tuple[str, ...] = FILES) -> dict[str, bytes]:
    """These files under a manifest whose checksums are right."""
    said = msgspec.json.decode(files[MANIFEST], type=Manifest)
    sums = manifest.checksums({name: files[name] for name in names})
    return {**files, MANIFEST: manifest.seal(msgspec.structs.replace(said, files=sums, sha256=""))}


def replaced(bundle: Bundle, **changes: object) -> Bundle:
    """The bundle with other fields."""
    fields = {name: getattr(bundle, name) for name in Bundle.__dataclass_fields__ if name != "index"}
    return Bundle(**{**fields, **changes})
