"""Both sources of MovieLens-100K give the same plain form; anything else is refused."""

import hashlib
import io
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


ML_1M = archive(
    {
        "ml-1m/ratings.dat": b"1::5::3::978300760\n2::5::5::978300750\n",
        "ml-1m/movies.dat": "5::Misérables, Les (1995)::Drama|Musical\n".encode("latin-1"),
        "ml-1m/users.dat": b"1::F::1::10::48067\n2::M::56::16::70072\n",
    }
)
LATEST_SMALL = archive(
    {
        "ml-latest-small/ratings.csv": b"userId,movieId,rating,timestamp\r\n1,5,3.0,978300760\r\n2,5,5.0,978300750\r\n",
        "ml-latest-small/movies.csv": 'movieId,title,genres\r\n5,"Misérables, Les (1995)",Drama|Musical\r\n'.encode(),
    }
)


def answered(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response]) -> None:
    """What the world outside gives to `httpx.stream`."""

    @contextmanager
    def stream(method: str, address: str, **_: Any) -> Iterator[httpx.Response]:
        with httpx.Client(transport=httpx.MockTransport(answer)) as client, client.stream(method, address) as found:
            yield found

    monkeypatch.setattr(httpx, "stream", stream)


@pytest.mark.parametrize(("name", "raw"), [("ml-1m", ML_1M), ("ml-latest-small", LATEST_SMALL)])
def test_the_larger_sets_come_through_the_importer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, raw: bytes
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=raw)

    answered(monkeypatch, answer)
    found = movielens.fetch_named(name, tmp_path / name)
    assert found.is_new
    assert movielens.fetch_named(name, tmp_path / name) == found._replace(is_new=False)
    assert asked == [f"https://files.grouplens.org/datasets/movielens/{name}.zip"]
    assert "GroupLens" in found.licence
    assert [(event.user_id, event.time) for event in read_events(found.events)] == [
        ("2", 978300750000),
        ("1", 978300760000),
    ]
    assert [(item.title, item.categories) for item in read_items(found.items)] == [
        ("Misérables, Les (1995)", ["Drama", "Musical"])
    ]
    assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["events.parquet", "items.parquet"]


def test_users_of_the_1m_set_are_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, lambda _: httpx.Response(200, content=ML_1M))
    event = read_events(movielens.fetch_named("ml-1m", tmp_path).events)[0]
    assert event.context is not None
    assert event.context.extra == {"gender": "M", "age": "56", "occupation": "16", "zip": "70072"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503),
        httpx.Response(200, content=b"<html>sign in to the wifi</html>"),
        httpx.Response(200, content=archive({"other.txt": b""})),
        httpx.Response(200, content=ML_1M[: len(ML_1M) // 2]),
    ],
)
def test_where_the_address_gives_no_data_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response
) -> None:
    answered(monkeypatch, lambda _: answer)
    with pytest.raises(
        Unavailable, match=r"moodstream data import ml-1m/ratings\.dat --items .* --users ml-1m/users\.dat"
    ):
        movielens.fetch_named("ml-1m", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_the_way_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")

    answered(monkeypatch, nobody)
    with pytest.raises(Unavailable, match=r"no route to host.*moodstream data import"):
        movielens.fetch_named("ml-latest-small", tmp_path)


def test_an_unknown_set_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="ml-100k, ml-1m, ml-latest-small"):
        movielens.fetch_named("ml-9b", tmp_path)
