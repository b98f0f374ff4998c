"""The command line refuses in one line, says the way out, and exits with 0 only on success."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def moodstream(
    home: Path, *arguments: str, program: str = "moodstream", **variables: str
) -> "subprocess.CompletedProcess[str]":
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOODSTREAM_")}
    environment = {**ours, "MOODSTREAM_HOME": str(home), "NO_COLOR": "1", **variables}
    return subprocess.run(
        (sys.executable, "-m", program, *arguments),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_verb(tmp_path: Path) -> None:
    shown = moodstream(tmp_path, "--help")
    assert shown.returncode == 0
    assert all(verb in shown.stdout for verb in ("demo", "up", "down", "status", "train", "publish", "evaluate"))


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (("status",), {"MOODSTREAM_KAFA": "x"}, "did you mean MOODSTREAM_KAFKA?"),
        (("status",), {"MOODSTREAM_PARTITIONS": "3"}, "power of two"),
        (("serve",), {"MOODSTREAM_API_HOST": "0.0.0.0"}, "MOODSTREAM_API_TOKEN"),  # noqa: S104 - what is refused
        (("stream",), {}, "moodstream up"),
        (("topics",), {}, "moodstream up"),
        (("train", "--events", "no.csv"), {}, "--events and --items go together"),
        (("train", "--events", "no.csv", "--items", "no.csv"), {}, "no.csv"),
        (("train",), {}, "none is published yet"),
        (("evaluate", "--bundle", "current"), {}, "--bundle goes with --live"),
        (("evaluate", "--live", "--full"), {}, "--live only checks answers"),
        (("prepare",), {}, "moodstream up"),
        (("rollback",), {}, "moodstream up"),
        (("nightly",), {}, "moodstream up"),
        (("nightly",), {"MOODSTREAM_KAFKA": "127.0.0.1:1"}, "127.0.0.1:1"),
        (("nightly", "--watch", "--at", "three"), {"MOODSTREAM_KAFKA": "127.0.0.1:1"}, "such as 03:00"),
        (("nightly", "--until", "dawn"), {"MOODSTREAM_KAFKA": "127.0.0.1:1"}, "begun, data, trained, measured, gate"),
        (("nightly", "--night", "20200101T000000"), {"MOODSTREAM_KAFKA": "127.0.0.1:1"}, "nightly history"),
        (("nightly", "--until", "data", "--wait"), {"MOODSTREAM_KAFKA": "127.0.0.1:1"}, "--wait go alone"),
        (("events", "tail", "--topic", "nothing"), {}, "dead-letter"),
        (("events", "tail"), {}, "moodstream up"),
        (("events", "tail"), {"MOODSTREAM_KAFKA": "127.0.0.1:1"}, "moodstream doctor"),
        (("topics",), {"MOODSTREAM_KAFKA": "127.0.0.1:1", "MOODSTREAM_REDIS": "redis://127.0.0.1:1"}, "127.0.0.1:1"),
    ],
)
def test_what_can_not_be_done_is_refused_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    refused = moodstream(tmp_path, *arguments, **variables)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert refused.stderr.startswith("moodstream: ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("program", ["serving", "stream"])
def test_the_programs_of_the_images_refuse_in_one_line_too(tmp_path: Path, program: str) -> None:
    done = moodstream(tmp_path, program=program)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "set MOODSTREAM_KAFKA and MOODSTREAM_REDIS" in done.stderr


def test_an_unknown_verb_is_refused(tmp_path: Path) -> None:
    assert moodstream(tmp_path, "dance").returncode == 2


def test_status_of_nothing_is_no_failure_and_readable_by_programs(tmp_path: Path) -> None:
    assert "moodstream up" in moodstream(tmp_path, "status").stdout
    assert json.loads(moodstream(tmp_path, "status", "--json").stdout)["runs"] is False


def test_down_of_nothing_says_so_and_purge_leaves_what_is_not_ours(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "logs").mkdir(parents=True)
    (home / "mine.txt").write_text("mine")
    assert "nothing runs" in moodstream(home, "down").stdout
    purged = moodstream(home, "down", "--purge")
    assert "mine.txt" in purged.stdout
    assert [path.name for path in home.iterdir()] == ["mine.txt"]


def test_doctor_is_readable_by_programs(tmp_path: Path) -> None:
    checks = {check["name"]: check for check in json.loads(moodstream(tmp_path, "doctor", "--json").stdout)}
    assert {"python", "java", "kafka", "redis", "disk", "bundle"} <= set(checks)


def test_a_history_without_nights_says_how_one_begins(tmp_path: Path) -> None:
    assert "moodstream nightly" in moodstream(tmp_path, "nightly", "history").stdout
    assert json.loads(moodstream(tmp_path, "nightly", "history", "--json").stdout) == {"nights": [], "asked": []}


def test_bundles_of_an_empty_shelf(tmp_path: Path) -> None:
    assert "moodstream train" in moodstream(tmp_path, "bundles").stdout
    assert json.loads(moodstream(tmp_path, "bundles", "--json").stdout) == []
