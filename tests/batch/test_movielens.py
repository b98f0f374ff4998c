"""Both sources of MovieLens-100K give the same plain form; anything else is refused."""

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from batch import movielens
from batch.dataset import read_events, read_items
from contracts.errors import Misconfigured, Unavailable

RATINGS = "196\t242\t3\t881250949\n186\t302\t3\t891717742\n22\t242\t1\t881250949\n"


def archive(files: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return raw.getvalue()


OFFICIAL = archive(
    {
        "ml-100k/u.data": RATINGS.encode(),
        "ml-100k/u.genre": b"unknown|0\nAction|1\nComedy|2\n\n",
        "ml-100k/u.item": (
            "242|Misérables, Les (1995)|01-Jan-1995||http://x|0|1|1\n302|Kolya|24-Jan-1997||http://y|0|0|1\n"
        ).encode("latin-1"),
    }
)
WHEEL = archive(
    {
        "recbole/dataset_example/ml-100k/ml-100k.inter": b"user_id:token\titem_id\trating\ttime\n" + RATINGS.encode(),
        "recbole/dataset_example/ml-100k/ml-100k.item": (
            "item_id\ttitle\tyear\tclass\n242\tMisérables, Les\t1995\tAction Comedy\n302\tKolya\t\tComedy\n"
        ).encode(),
    }
)


class Outside:
    """The world outside: what answers and what doesn't."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, official: bytes | None, wheel: bytes | None) -> None:
        self.official, self.wheel = official, wheel
        self.asked: list[str] = []
        monkeypatch.setattr(httpx, "get", self.get)
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(movielens, "RATINGS_SHA256", hashlib.sha256(RATINGS.encode()).hexdigest())

    def get(self, address: str, **_: Any) -> httpx.Response:
        self.asked.append("official")
        if self.official is None:
            raise httpx.ConnectError("no route")
        return httpx.Response(200, content=self.official, request=httpx.Request("GET", address))

    def run(self, command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        self.asked.append("package")
        if self.wheel is None:
            return subprocess.CompletedProcess(command, 1, "", "warning\nERROR: no matching distribution\n")
        folder = Path(command[command.index("--dest") + 1])
        (folder / "recbole-1.2.1-py3-none-any.whl").write_bytes(self.wheel)
        return subprocess.CompletedProcess(command, 0, "", "")


def test_both_sources_give_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Outside(monkeypatch, OFFICIAL, None)
    assert "GroupLens" in movielens.fetch(tmp_path / "a")
    Outside(monkeypatch, None, WHEEL)
    told: list[str] = []
    movielens.fetch(tmp_path / "b", told.append)
    assert any("pip" in line for line in told)
    for name in (movielens.EVENTS, movielens.ITEMS):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    events = read_events(tmp_path / "a" / movielens.EVENTS)
    assert [event.user_id for event in events] == ["196", "22", "186"]
    items = read_items(tmp_path / "a" / movielens.ITEMS)
    assert [(i.title, i.categories) for i in items] == [
        ("Misérables, Les (1995)", ["Action", "Comedy"]),
        ("Kolya", ["Comedy"]),
    ]


def test_a_second_call_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = Outside(monkeypatch, OFFICIAL, None)
    movielens.fetch(tmp_path)
    movielens.fetch(tmp_path)
    assert outside.asked == ["official"]


@pytest.mark.parametrize("page", [b"<html>sign in to the wifi</html>", archive({"other.txt": b""})])
def test_a_page_in_the_datas_place_leads_to_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: bytes
) -> None:
    outside = Outside(monkeypatch, page, WHEEL)
    movielens.fetch(tmp_path)
    assert outside.asked == ["official", "package"]


def test_without_any_source_the_way_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Outside(monkeypatch, None, None)
    with pytest.raises(Unavailable, match=r"no matching distribution.*connect, or put events.csv"):
        movielens.fetch(tmp_path)
    assert not movielens.is_there(tmp_path)


def test_other_ratings_are_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Outside(monkeypatch, OFFICIAL, None)
    monkeypatch.setattr(movielens, "RATINGS_SHA256", "0" * 64)
    with pytest.raises(Misconfigured, match="checksum"):
        movielens.fetch(tmp_path)
    assert not movielens.is_there(tmp_path)
