"""The command itself, as processes: killed, interrupted and repeated it writes the same figures."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from contracts.events import Interaction
from tests.moodstream.replay.world import BUNDLES, START, home, some_log

pytestmark = pytest.mark.timeout(600)
OURS = ("seconds", "events_per_second", "asking")


def command(folder: Path, *options: str, **variables: str) -> "subprocess.Popen[str]":
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("MOODSTREAM_")}
    return subprocess.Popen(
        [sys.executable, "-m", "moodstream", "replay", "--file", str(folder / "events.csv"), *options],
        env={**theirs, "MOODSTREAM_HOME": str(folder / "home"), "NO_COLOR": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]", code: int = 0) -> str:
    said, wrong = process.communicate(timeout=300)
    assert process.returncode == code, said + wrong
    return said + wrong


def figures(folder: Path, *options: str, **variables: str) -> dict[str, Any]:
    """What `--json` says, without what is of this run and this machine."""
    ended(command(folder, *options, "--json", str(folder / "r.json"), **variables))
    return read(folder)


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "r.json").read_text())
    assert list(found)[-3:] == list(OURS)
    return {name: value for name, value in found.items() if name not in OURS}


def wait_for_outcomes(folder: Path, n: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while sum(file.stat().st_size for file in (folder / "home").glob("replays/*/*/outcomes")) < 16 * n:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A home with two bundles, and a file of clicks a minute from each other."""
    home(tmp_path)
    rows = [f"{one.user_id},{one.item_id},{one.time},like,\n" for one in some_log() if isinstance(one, Interaction)]
    (tmp_path / "events.csv").write_text("user_id,item_id,timestamp,kind,value\n" + "".join(rows))
    return tmp_path


def test_two_runs_write_the_same_and_a_page_to_look_at(place: Path) -> None:
    both = ("--bundle", BUNDLES[0].version, "--bundle", BUNDLES[1].version)
    first = figures(place, *both)
    page = (place / "home" / "reports" / "replay" / "replay.html").read_text()
    assert figures(place, *both) == first
    assert not list((place / "home" / "replays").iterdir())
    assert list(first["systems"]) == [bundle.version for bundle in BUNDLES]
    assert all(0 < of["hr@20"] < 1 for of in first["systems"].values())
    assert first["paired"][0]["bundle"] == BUNDLES[1].version
    low, mean, high = (first["paired"][0]["gained"]["ndcg@10"][at] for at in (1, 0, 2))
    assert low <= mean <= high
    assert mean == pytest.approx(
        first["systems"][BUNDLES[1].version]["ndcg@10"] - first["systems"][BUNDLES[0].version]["ndcg@10"], abs=2e-6
    )
    assert sum(one["scored"] for one in first["over_time"]) == first["scored"] > 50
    assert page.count("<svg") == 4
    assert BUNDLES[1].version in page
    alone = figures(place)
    assert alone["state_digest"] == first["state_digests"][BUNDLES[0].version]
    assert alone["systems"][BUNDLES[0].version] == first["systems"][BUNDLES[0].version]


def test_interrupted_and_killed_it_goes_on_and_writes_what_it_would_have(place: Path) -> None:
    whole = figures(place)
    slow = command(place, "--speed", "600x")
    wait_for_outcomes(place, 20, slow)
    slow.send_signal(signal.SIGINT)
    assert "the same command goes on from there" in ended(slow, 130)
    slow = command(place, "--speed", "600x")
    wait_for_outcomes(place, 35, slow)
    slow.kill()
    slow.communicate()
    assert figures(place) == whole


@pytest.mark.redis
def test_killed_while_it_fills_redis_it_ends_in_the_same_state_and_is_done_then(
    place: Path, redis_url: str, namespace: str
) -> None:
    whole = figures(place, "--into", namespace, MOODSTREAM_REDIS=redis_url, MOODSTREAM_KAFKA="127.0.0.1:1")
    assert whole["namespaces"] == {BUNDLES[0].version: namespace}
    assert whole["state_digest"] == figures(place)["state_digest"]
    servers = {"MOODSTREAM_REDIS": redis_url, "MOODSTREAM_KAFKA": "127.0.0.1:1"}
    again = ("--into", f"{namespace}-again")
    for n in (15, 40):
        slow = command(place, *again, "--speed", "900x", **servers)
        wait_for_outcomes(place, n, slow)
        slow.kill()
        slow.communicate()
    ours = figures(place, *again, **servers)
    assert {**ours, "namespaces": None} == {**whole, "namespaces": None}
    assert "--anew" in ended(command(place, *again, **servers), 1)
    assert figures(place, *again, "--anew", **servers) == ours


def test_gaps_in_time_are_kept(place: Path) -> None:
    minutes = sum(isinstance(one, Interaction) for one in some_log()[:60])
    until = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime((START + 60 * 60_000) / 1000))
    began = time.monotonic()
    ended(command(place, "--to", until, "--speed", "1800x"))
    assert time.monotonic() - began > 58 * 60 / 1800
    assert minutes > 30


def test_a_log_is_bent_as_it_was_asked_for(place: Path) -> None:
    middle = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime((START + 120 * 60_000) / 1000))
    bent = figures(place, "--inject", f"new-items@{middle}:1.0")
    straight = figures(place)
    assert bent["bends"] == [{"what": "new-items", "since": START + 120 * 60_000, "strength": 1.0}]
    assert bent["state_digest"] != straight["state_digest"]
    assert bent["events"] == straight["events"]
    assert figures(place, "--inject", f"schema@{middle}:0.5")["refused"] > 20


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "2026-01-02", "--to", "2026-01-01"), "is not before --to"),
        (("--from", "soon"), "use 2026-11-01"),
        (("--from", "2036-01-01"), "see --from and --to"),
        (("--bundle", "none"), "moodstream bundles"),
        (("--bundle", "current", "--bundle", "current"), "twice"),
        (("--inject", "storm@2026-01-01:1"), "use one of popularity"),
        (("--speed", "fast"), "60x"),
        (("--topic", "events"), "exclude each other"),
        (("--into", "x"), "moodstream up"),
    ],
)
def test_what_can_not_be_replayed_is_refused_in_one_line(place: Path, options: tuple[str, ...], said: str) -> None:
    refused = command(place, *options)
    _, wrong = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert said in wrong
    assert wrong.count("\n") == 1
    assert wrong.startswith("moodstream: ")
