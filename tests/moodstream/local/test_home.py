"""The home: made where possible, refused clearly where not, and purged without touching a stranger's file."""

from pathlib import Path

import pytest

from contracts.errors import Misconfigured
from moodstream.local.home import Home, free_bytes, require_disk


def test_a_purge_removes_the_folder_and_everything_that_is_moodstreams(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    (home.kafka / "log").mkdir(parents=True)
    (home.logs / "kafka.log").write_text("x")
    home.ports.write_text("{}")
    assert home.purge() == []
    assert not home.path.exists()
    assert home.purge() == []


def test_a_purge_leaves_what_is_not_moodstreams_and_names_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work")
    assert home.purge() == [thesis]
    assert thesis.read_text() == "years of work"
    assert not home.logs.exists()


def test_a_purge_does_not_follow_a_link_out_of_the_home(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    home = Home(tmp_path / "home")
    home.create()
    home.kafka.symlink_to(outside)
    assert home.purge() == []
    assert (outside / "file").exists()


def test_a_folder_that_cant_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        Misconfigured, match=r"can't be made \(Not a directory\): choose another one by MOODSTREAM_HOME"
    ):
        Home(tmp_path / "file" / "home").create()


def test_a_full_disk_is_one_clear_line_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(
        Misconfigured, match=r"0\.2 GB free and Moodstream needs 1\.0 GB: free some, or .*MOODSTREAM_HOME"
    ):
        require_disk(tmp_path, free=lambda _: 200_000_000)
    require_disk(tmp_path, free=lambda _: 1_000_000_000)


def test_the_free_space_of_a_folder_that_is_not_made_yet_is_its_parents(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") > 0
