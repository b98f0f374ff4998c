"""A mapped file gives the arrays that were saved, keeps what is written to itself, and is refused where damaged."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from model import tensors
from model.tensors import load, opened

ARRAYS = {
    "vectors": np.arange(12, dtype=np.float32).reshape(4, 3),
    "rows": np.arange(5, dtype=np.int32),
    "none": np.zeros((0, 3), np.float32),
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tensors, "MAPPED", 1)
    path = tmp_path / "arrays.safetensors"
    path.write_bytes(save(ARRAYS, {"who": "me"}))
    return path


def test_a_mapped_file_gives_what_was_saved(path: Path) -> None:
    raw = opened(path)
    assert not isinstance(raw, bytes)
    found = load(raw)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_a_small_file_is_read_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "MAPPED", 1 << 20)
    raw = opened(path)
    assert raw == path.read_bytes()
    np.testing.assert_array_equal(load(raw)["vectors"], ARRAYS["vectors"])


def test_what_a_process_writes_stays_its_own(path: Path) -> None:
    mine, theirs = load(opened(path))["vectors"], load(opened(path))["vectors"]
    mine[0] = -1
    np.testing.assert_array_equal(theirs, ARRAYS["vectors"])
    np.testing.assert_array_equal(load(path.read_bytes())["vectors"], ARRAYS["vectors"])


def test_a_file_that_was_replaced_is_read_on_as_it_was(path: Path) -> None:
    found = load(opened(path))
    other = path.with_name("other")
    other.write_bytes(b"")
    other.replace(path)
    np.testing.assert_array_equal(found["vectors"], ARRAYS["vectors"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"data_offsets": [0, 400]}, "can't be at"),
        ({"data_offsets": [4, 52]}, "can't be at"),
        ({"data_offsets": [0, 44]}, "can't be at"),
        ({"shape": [4, -3]}, "F32"),
        ({"shape": [1 << 40, 3]}, "can't be at"),
        ({"dtype": "object"}, "object"),
        ({"dtype": 7}, "Expected"),
        ({"data_offsets": [0]}, "Expected"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(path: Path, wrong: dict[str, object], said: str) -> None:
    header = {"vectors": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48], **wrong}}
    path.write_bytes(_file(json.dumps(header).encode(), bytes(48)))
    with pytest.raises(ValueError, match=said):
        load(opened(path))


@pytest.mark.parametrize("data", [47, 49])
def test_a_file_with_more_or_fewer_bytes_than_its_tensors_is_refused(path: Path, data: int) -> None:
    header = {"vectors": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]}}
    path.write_bytes(_file(json.dumps(header).encode(), bytes(data)))
    with pytest.raises(ValueError, match="bytes"):
        load(opened(path))


@pytest.mark.parametrize("raw", [b"\xff" * 64, b"\x10" + bytes(7) + b"no json at all!!", bytes(8)])
def test_anything_else_is_refused(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=r"header|malformed|truncated"):
        load(opened(path))


def _file(header: bytes, data: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + data
