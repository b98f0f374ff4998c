"""The stack: up with real servers, beside given ones, once in a home, and up again after a kill -9."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
import redis

from contracts.errors import Misconfigured, Unavailable
from moodstream.local.home import Home
from moodstream.local.kafka import answers
from moodstream.local.ports import read_ports
from moodstream.local.redis import answers as redis_answers
from moodstream.local.stack import Stack
from moodstream.local.status import read_status
from tests.moodstream.local.processes import eventually, lives, python

UP = """
import sys, time
from pathlib import Path
from moodstream.local.home import Home
from moodstream.local.stack import Stack
with Stack(Home(Path(sys.argv[1])), lambda line: None) as stack:
    stack.add("worker", [sys.executable, "-c", "import time; time.sleep(60)"])
    print(" ".join(str(status.pid) for status in stack.status()))
    stack.wait()
"""


@pytest.mark.kafka
@pytest.mark.redis
def test_a_killed_run_leaves_nobody_and_the_next_one_simply_works(tmp_path: Path) -> None:
    home, said = Home(tmp_path / "home"), list[str]()
    with python(UP, home.path) as run:
        assert run.stdout
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert len(pids) == 3
        with pytest.raises(Misconfigured, match=f"in use by process {run.pid}"):
            Stack(home, print).__enter__()
        run.kill()
    assert eventually(lambda: not any(lives(pid) for pid in pids))

    taken = read_ports(home.ports)["redis"]
    with socket.create_server(("127.0.0.1", taken)), Stack(home, said.append) as stack:
        assert answers(stack.kafka)
        assert redis_answers(stack.redis)
        assert stack.port("redis") != taken
        pids = [status.pid for status in stack.status() if status.pid]
    assert eventually(lambda: not any(lives(pid) for pid in pids))
    assert said[0] == f"the last run (process {run.pid}) was killed: taking over"
    assert said[1].startswith(f"port {taken} of redis is taken by another program")
    assert said[-1] == "stopped, nothing is left running"
    assert home.purge() == []


def test_given_servers_are_used_and_nothing_is_started(tmp_path: Path, kafka: str, redis_url: str) -> None:
    with Stack(Home(tmp_path), print, kafka=kafka, redis=redis_url) as stack:
        assert (stack.kafka, stack.redis) == (kafka, redis_url)
        assert stack.status() == []


def test_a_process_that_is_added_is_logged_and_restarted(tmp_path: Path, kafka: str, redis_url: str) -> None:
    with Stack(Home(tmp_path), print, kafka=kafka, redis=redis_url) as stack:
        script = "import os, time; print(os.environ['WORD'], flush=True); time.sleep(60)"
        log = tmp_path / "logs" / "worker.log"
        stack.add("worker", [sys.executable, "-c", script], {"WORD": "hello"}, lambda: log.read_text() != "")
        assert log.read_text() == "hello\n"
        pid = stack.status()[0].pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: log.read_text() == "hello\n" * 2)
        assert eventually(lambda: [status.restarts for status in read_status(tmp_path / "status.json")] == [1])


def test_a_given_server_that_is_down_is_one_line_and_the_home_is_free_again(tmp_path: Path, redis_url: str) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"no Kafka answers at 127\.0\.0\.1:9"):
            Stack(Home(tmp_path), print, kafka="127.0.0.1:9", redis=redis_url).__enter__()


def test_sigterm_stops_everything_in_order(tmp_path: Path, kafka: str, redis_url: str) -> None:
    script = UP.replace("lambda line: None)", f"print, kafka={kafka!r}, redis={redis_url!r})")
    with python(script, tmp_path) as run:
        assert run.stdout
        lines = iter(run.stdout.readline, "")
        pid = next(int(line) for line in lines if line.strip().isdigit())
        run.send_signal(signal.SIGTERM)
        rest = list(lines)
        assert run.wait(10) == 128 + signal.SIGTERM
    assert rest == ["stopping …\n", "stopped, nothing is left running\n"]
    assert not lives(pid)


def test_a_namespace_is_ones_own(namespace: str, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as server:
        assert server.set(f"{namespace}:key", 1, nx=True)
