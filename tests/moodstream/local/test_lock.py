"""One run at a time: the second is told who holds the home and how to stop it; a killed one holds nothing."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from contracts.errors import Misconfigured
from moodstream.local.lock import HomeLock, holder, stop_holder
from tests.moodstream.local.processes import python

HOLD = """
import sys, time
from pathlib import Path
from moodstream.local.lock import HomeLock
with HomeLock(Path(sys.argv[1])):
    print("held")
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Popen[str]]:
    """Another process that holds the lock."""
    with python(HOLD, tmp_path / "lock") as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_is_told_who_holds_the_home_and_how_to_stop_it(tmp_path: Path, other: Popen[str]) -> None:
    with pytest.raises(Misconfigured, match=rf"is in use by process {other.pid} .*: stop it with `moodstream down`"):
        HomeLock(tmp_path / "lock").__enter__()


def test_a_killed_run_holds_nothing_and_is_named_as_stale(tmp_path: Path, other: Popen[str]) -> None:
    found = holder(tmp_path / "lock")
    assert found
    assert found.pid == other.pid
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert holder(tmp_path / "lock") is None
    with HomeLock(tmp_path / "lock") as lock:
        assert lock.stale
        assert lock.stale.pid == other.pid


def test_a_run_that_ended_well_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with HomeLock(path):
        found = holder(path)
        assert found
        assert found.pid == os.getpid()
    assert holder(path) is None
    with HomeLock(path) as lock:
        assert lock.stale is None


def test_the_holder_is_stopped_and_waited_for(tmp_path: Path, other: Popen[str]) -> None:
    stopped = stop_holder(tmp_path / "lock")
    assert stopped
    assert stopped.pid == other.pid
    assert other.wait(5) == -signal.SIGTERM
    assert stop_holder(tmp_path / "lock") is None


def test_an_unreadable_lock_file_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("not json")
    with HomeLock(tmp_path / "lock") as lock:
        assert lock.stale is None
