"""The small parts: times, speeds, plans and the log on the disk."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from batch.bend import Bend
from contracts.errors import Misconfigured, StateUnreadable
from moodstream.replay.folder import folder_of
from moodstream.replay.pace import Pace, speed_of
from moodstream.replay.plan import Plan, Source
from moodstream.replay.spool import LOG, records, spool, spooled
from moodstream.replay.when import moment, said, span
from tests.moodstream.replay.world import raws, some_log

PLAN = Plan(source=Source("lake", "/x", "ns"), since=1, until=2, warm=False, bundles=["b"], into="")


def test_times_are_utc_where_no_zone_is_said() -> None:
    assert moment("2026-11-01") == moment("2026-11-01T00:00Z") == moment("2026-11-01T01:00+01:00") == 1_793_491_200_000
    assert span(0, 0) == "no time that is scored"
    assert span(0, 60_000) == "1970-01-01T00:00:00 to 1970-01-01T00:01:00"
    assert said(moment("2026-11-01T12:30:05")) == "2026-11-01T12:30:05"
    with pytest.raises(Misconfigured, match="use 2026-11-01"):
        moment("yesterday")


def test_a_speed_keeps_the_gaps_and_makes_them_shorter() -> None:
    now = [100.0]
    pace = Pace(speed_of("60x"), lambda: now[0])
    assert pace.wait_s(5_000_000) == 0
    assert pace.wait_s(5_000_000 + 60_000) == pytest.approx(1)
    now[0] += 0.75
    assert pace.wait_s(5_000_000 + 60_000) == pytest.approx(0.25)
    now[0] += 10
    assert pace.wait_s(5_000_000 + 60_000) == 0
    assert Pace(speed_of("max")).wait_s(10**15) == 0
    for wrong in ("0x", "-1x", "fast", "infx", "nanx"):
        with pytest.raises(Misconfigured, match="60x"):
            speed_of(wrong)


def test_the_same_command_is_known_again_and_any_other_is_another() -> None:
    assert replace(PLAN).id == PLAN.id
    others = [
        replace(PLAN, since=None),
        replace(PLAN, bundles=["b", "c"]),
        replace(PLAN, into="n"),
        replace(PLAN, warm=True),
        replace(PLAN, bends=[Bend("bots", 1, 0.5)]),
        replace(PLAN, every=2),
    ]
    assert len({PLAN.id, *(one.id for one in others)}) == 7
    assert [replace(PLAN, into="n").namespace_of(number) for number in range(3)] == ["n", "n-2", "n-3"]
    assert PLAN.namespace_of(1) == ""


def test_a_log_comes_back_as_it_was_written_down(tmp_path: Path) -> None:
    log = raws(some_log(50))
    assert spooled(tmp_path) is None
    found = spool(tmp_path, iter(log), log[20].time, lambda read: None)
    assert list(records(tmp_path)) == log
    assert spooled(tmp_path) == found
    assert (found.records, found.scored_from, found.first, found.last) == (50, 20, log[20].time, log[-1].time)
    assert spool(tmp_path, iter(log), None, lambda read: None).scored_from == 0
    assert spool(tmp_path, iter(log), log[-1].time + 1, lambda read: None).scored_from == 50
    assert spool(tmp_path, log[1:], None, lambda read: None).digest != found.digest


def test_a_log_that_was_cut_short_is_not_taken_for_whole(tmp_path: Path) -> None:
    spool(tmp_path, raws(some_log(50)), None, lambda read: None)
    raw = (tmp_path / LOG).read_bytes()
    for cut in (1, 5, 40):
        (tmp_path / LOG).write_bytes(raw[:-cut])
        with pytest.raises(StateUnreadable, match="--anew"):
            list(records(tmp_path))


def test_one_replay_is_carried_out_once_at_a_time_and_anew_forgets_what_it_left(tmp_path: Path) -> None:
    with folder_of(tmp_path, PLAN, anew=False) as folder:
        (folder / "0").mkdir()
        (folder / "0" / "outcomes").write_bytes(b"x")
        assert folder.stat().st_mode & 0o077 == 0
        with pytest.raises(Misconfigured, match="running already"), folder_of(tmp_path, PLAN, anew=True):
            pass
    with folder_of(tmp_path, PLAN, anew=False) as folder:
        assert (folder / "0" / "outcomes").exists()
    with folder_of(tmp_path, PLAN, anew=True) as folder:
        assert not (folder / "0").exists()
