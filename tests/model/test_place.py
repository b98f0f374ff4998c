"""A place holds whole files, on this machine and anywhere else."""

from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

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


@pytest.mark.parametrize("error", [EndpointConnectionError(endpoint_url="http://s3:7070"), NoCredentialsError()])
def test_what_a_driver_raises_for_a_server_that_is_away_is_ours(place: Place, error: Exception) -> None:
    """They are no OSErrors; a worker waits for what is unavailable, and would end by anything else."""
    with pytest.raises(Unavailable, match="can't be reached"), place.reached():
        raise error


def test_an_error_that_is_no_server_s_goes_on_as_it_is(place: Place) -> None:
    with pytest.raises(KeyError), place.reached():
        raise KeyError("a mistake of ours")
