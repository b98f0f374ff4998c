"""What operators did stays known, the newest first, and a record that can't be written undoes nothing."""

from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from model.place import Place
from online import deeds


def test_the_newest_are_told_first_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deeds, "KEPT", 3)
    monkeypatch.setattr(
        deeds, "time", SimpleNamespace(time=count().__next__)
    )  # its own: other threads ask the time too
    for number in range(5):
        deeds.leave(str(tmp_path), "ann", "publish", f"number {number}")
    assert [deed.said for deed in deeds.latest(Place(str(tmp_path)), 2)] == ["number 4", "number 3"]
    assert len(list(tmp_path.iterdir())) == 3


def test_what_is_no_record_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    deeds.leave(str(tmp_path), "ann", "publish", "all users are on it")
    (tmp_path / "9999999999999-x.json").write_bytes(b"\xff")
    assert [deed.who for deed in deeds.latest(Place(str(tmp_path)), 9)] == ["ann"]
    assert "passed over" in caplog.text
    assert deeds.latest(Place(str(tmp_path / "nowhere")), 9) == []


def test_where_it_can_not_be_written_the_log_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    deeds.leave(str(tmp_path / "file"), "ann", "publish", "all users are on it")
    deeds.leave("nosuch://place", "ann", "publish", "all users are on it")
    assert caplog.text.count("not recorded") == 2
