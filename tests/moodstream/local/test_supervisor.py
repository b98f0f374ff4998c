"""The supervisor: restarts what dies, gives up with a reason, stops all in order, and leaves nobody behind."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from contracts.errors import Unavailable
from moodstream.local import supervisor as supervising
from moodstream.local.service import Service, sweep
from moodstream.local.status import read_status
from moodstream.local.supervisor import STOP_WITHIN_S, Supervisor
from tests.moodstream.local.processes import eventually, lives, python

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
WITH_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def service(folder: Path, name: str, script: str, **more: object) -> Service:
    argv = (sys.executable, "-c", script)
    return Service(name=name, argv=argv, log=folder / f"{name}.log", **more)  # type: ignore[arg-type]


def test_a_service_that_dies_is_started_again_and_counted(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(tmp_path / "status.json", said.append) as supervisor:
        supervisor.start(service(tmp_path, "worker", SLEEP))
        first = supervisor.status()[0].pid
        assert first
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: supervisor.status()[0].pid not in (None, first))
        assert supervisor.status()[0].restarts == 1
    assert any(line.startswith("worker was ended by SIGKILL: starting it again in 0.1 s") for line in said)


def test_a_service_that_keeps_dying_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    said: list[str] = []
    dies = service(tmp_path, "worker", "raise SystemExit('no such topic')", ready=lambda: False)
    with (
        Supervisor(tmp_path / "status.json", said.append, give_up_after=3) as supervisor,
        pytest.raises(
            Unavailable, match=r"(?s)worker ended with exit code 1 3 times in a row: given up.*no such topic"
        ),
    ):
        supervisor.start(dies)
    assert "given up" in said[-1]
    with pytest.raises(Unavailable, match="given up"):
        supervisor.wait()


def test_a_command_that_does_not_exist_says_so(tmp_path: Path) -> None:
    missing = Service(
        name="worker", argv=("/no/such/program",), log=tmp_path / "log", ready=lambda: False, ready_within_s=30
    )
    with (
        Supervisor(tmp_path / "status.json", print, give_up_after=1) as supervisor,
        pytest.raises(Unavailable, match="/no/such/program can't be run: No such file or directory"),
    ):
        supervisor.start(missing)


def test_a_service_that_is_not_ready_in_time_is_refused_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, now = tmp_path / "slow.log", [0.0]

    def ready() -> bool:
        now[0] = 0.6 if "loading" in log.read_text() else 0.0
        return False

    clock = SimpleNamespace(monotonic=lambda: now[0], time=time.time, sleep=time.sleep)
    monkeypatch.setattr(supervising, "time", clock)  # the time is over when the log has its line, however slow that is
    never = service(tmp_path, "slow", f"print('loading', flush=True); {SLEEP}", ready=ready, ready_within_s=0.5)
    with (
        Supervisor(tmp_path / "status.json", print) as supervisor,
        pytest.raises(Unavailable, match=r"(?s)slow is not ready after 1 s; the end of .*slow.log:\n  loading"),
    ):
        supervisor.start(never)


def test_stopping_ends_the_newest_first_and_whatever_they_started(tmp_path: Path) -> None:
    order = tmp_path / "order"
    leave = (
        "import signal, sys, time\n"
        f"def leave(*_): open({str(order)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, leave); print('up', flush=True); time.sleep(60)"
    )
    with Supervisor(tmp_path / "status.json", print) as supervisor:
        for name in ("a", "b"):
            log = tmp_path / f"{name}.log"
            argv = (sys.executable, "-c", leave, name)
            supervisor.start(Service(name=name, argv=argv, log=log, ready=lambda log=log: "up" in log.read_text()))  # type: ignore[misc]
        log = tmp_path / "parent.log"
        supervisor.start(service(tmp_path, "parent", WITH_CHILD, ready=lambda: log.read_text() != ""))
        pids = [status.pid for status in supervisor.status() if status.pid] + [int(log.read_text())]
        assert len(pids) == 4
        assert all(lives(pid) for pid in pids)
    assert eventually(lambda: not any(lives(pid) for pid in pids))
    assert order.read_text() == "ba"
    assert not (tmp_path / "status.json").exists()


def test_a_service_that_does_not_obey_is_killed_in_time(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "status.json", print) as supervisor:
        log = tmp_path / "stubborn.log"
        supervisor.start(service(tmp_path, "stubborn", STUBBORN, ready=lambda: "deaf" in log.read_text()))
        pid = supervisor.status()[0].pid
        assert pid
        began = time.monotonic()
        supervisor.stop(within_s=1.0)
        assert time.monotonic() - began < STOP_WITHIN_S - 1
    assert not lives(pid)


def test_the_status_file_names_what_runs(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "status.json", print) as supervisor:
        supervisor.start(service(tmp_path, "worker", SLEEP))
        assert eventually(lambda: [status.state for status in read_status(tmp_path / "status.json")] == ["running"])
        found = read_status(tmp_path / "status.json")[0]
        assert found == supervisor.status()[0]
        assert abs(found.up_since - time.time()) < 30


def test_variables_are_added_to_the_parents_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INHERITED", "1")
    script = f"import os; print(os.environ['INHERITED'] + os.environ['ADDED'], flush=True); {SLEEP}"
    log = tmp_path / "worker.log"
    with Supervisor(tmp_path / "status.json", print) as supervisor:
        supervisor.start(service(tmp_path, "worker", script, env={"ADDED": "2"}, ready=lambda: "12" in log.read_text()))


KILLED = """
import sys, time
from pathlib import Path
from moodstream.local.service import Service
from moodstream.local.supervisor import Supervisor
folder, script = Path(sys.argv[1]), sys.argv[2]
log = folder / "log"
argv = (sys.executable, "-c", script)
with Supervisor(folder / "status.json", lambda line: None) as supervisor:
    supervisor.start(Service(name="worker", argv=argv, log=log, ready=lambda: log.exists() and log.read_text() != ""))
    while not (folder / "status.json").exists():
        time.sleep(0.01)
    print(supervisor.status()[0].pid)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_child_dies_with_a_killed_parent_and_the_next_run_sweeps_the_rest(tmp_path: Path) -> None:
    with python(KILLED, tmp_path, WITH_CHILD) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        grandchild = int((tmp_path / "log").read_text())
        parent.kill()
    assert eventually(lambda: not lives(child), within_s=5)
    leaders = {status.pid: status.up_since for status in read_status(tmp_path / "status.json") if status.pid}
    assert leaders.keys() == {child}
    assert sweep({child: time.time() + 3600}) == []
    assert lives(grandchild)
    assert sweep(leaders) == [grandchild]
    assert not lives(grandchild)


def test_a_damaged_status_file_reads_as_empty(tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    for text in ("", "{", json.dumps([{"name": "worker"}])):
        file.write_text(text)
        assert read_status(file) == []
