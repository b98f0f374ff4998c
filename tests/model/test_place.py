"""A place holds whole files, on this machine and anywhere else."""

from pathlib import Path

import pytest

from contracts.errors import Misconfigured, Unavailable
from model.place import Place


@pytest.fixture(params=["folder", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    urls = {"folder": str(tmp_path), "file": f"file://{tmp_path}", "memory": f"memory://{tmp_path}"}
    return Place(urls[request.param])


def test_what_is_put_is_there_until_it_is_removed(place: Place) -> None:
    assert place.get("a/b.json") is None
    assert place.names() == place.names("a") == []
    place.put("a/b.json", b"1")
    place.put("a/b.json", b"2")
    place.put("a/a.json", b"3")
    assert place.get("a/b.json") == b"2"
    assert place.names() == ["a"]
    assert place.names("a") == ["a.json", "b.json"]
    place.remove("a/b.json")
    place.remove("a/b.json")
    assert place.get("a/b.json") is None


def test_a_place_that_can_not_be_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="nowhere://"):
        Place("nowhere://here")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="can't be reached"):
        Place(str(tmp_path / "file")).put("below", b"")
