"""A night's records are read once by a process, since none but the look at its canary is ever written again."""

from pathlib import Path

import msgspec
import pytest

from batch.measures import Measure
from batch.nightly.night import Begun, Ended, Look, Night, Nights, Shown
from batch.nightly.terms import Terms
from model.place import Place


def begun(time: int) -> Begun:
    return Begun(time=time, asked="hand", base="", how="", why="", before={}, terms=Terms())


def ended(time: int) -> Ended:
    return Ended(time=time, outcome="promoted", why="")


def look(time: int) -> Look:
    nobody, nothing = Shown(users=0, pages=0, taken=0), Measure(0.0, -1.0, 1.0)
    return Look(time=time, canary=nobody, serving=nobody, difference=nothing, surely=nothing)


def a_night(nights: Nights, time: int) -> Night:
    night = nights.at(time)
    night.leave(begun(time))
    return night


def test_what_was_read_is_not_read_again_however_many_nights_there_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(5):
        a_night(Nights(str(tmp_path)), day * 86_400_000).leave(ended(day))
    asked: list[str] = []
    whole = Place.get

    def get(place: Place, path: str) -> bytes | None:
        asked.append(path)
        return whole(place, path)

    monkeypatch.setattr(Place, "get", get)
    nights = Nights(str(tmp_path))
    assert nights.under_way() is None
    files = ("begun.json", "ended.json")
    assert sorted(asked) == [f"{night.name}/{file}" for night in nights.all() for file in files]
    asked.clear()
    assert nights.under_way() is None
    assert [record.time for record in nights.good(Ended)] == list(range(5))
    assert asked == []


def test_what_another_process_leaves_is_seen(tmp_path: Path) -> None:
    ours, theirs = Nights(str(tmp_path)), Nights(str(tmp_path))
    night = a_night(theirs, 0)
    going = ours.under_way()
    assert going is not None
    for time in (1, 2):
        night.leave(look(time))
        assert going.read(Look) == look(time)
    night.leave(ended(3))
    assert ours.under_way() is None
    assert going.read(Ended) == ended(3)


def test_a_night_that_was_moved_away_is_none_any_more(tmp_path: Path) -> None:
    nights = Nights(str(tmp_path))
    night = a_night(nights, 0)
    assert msgspec.json.decode(night.get("begun.json") or b"")["time"] == 0
    assert nights.under_way() is not None
    (tmp_path / night.name).rename(tmp_path / "moved")
    assert nights.all() == []
