"""The ways of docs/backup.md, tried on a real server: a snapshot and an append-only file, copied and brought back."""

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from moodstream.local.ports import LOOPBACK, free_port, wait_until_free
from moodstream.local.redis import answers, find_redis, redis_url
from tests.moodstream.rebuild.check_rebuild import a_day, snapshot, wait_until_whole
from tests.stream.live import live

pytestmark = [pytest.mark.timeout(1500), pytest.mark.redis]


class Server:
    """Redis as the local stack runs it, on one port for all its lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port(set())
        self.url = redis_url(self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, appendonly: str = "yes") -> None:
        places = ["--port", str(self.port), "--bind", LOOPBACK, "--dir", str(self.folder)]
        flags = [*places, "--save", "", "--appendonly", appendonly]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([str(find_redis().program), *flags], stdout=log, stderr=log)
        wait_for(lambda: answers(self.url))

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        wait_until_free({"redis": self.port}, 20)

    def ask(self, *command: str) -> object:
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*command)

    def persistence(self, name: str) -> str:
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            return str(client.info("persistence")[name])


Step = Callable[[Server, Path], None]


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    folder.mkdir()
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def wait_for(holds: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def keep_snapshot(server: Server, backup: Path) -> None:
    """`BGSAVE`, and the file copied when it's done."""
    server.ask("BGSAVE")
    wait_for(lambda: server.persistence("rdb_bgsave_in_progress") == "0")
    assert server.persistence("rdb_last_bgsave_status") == "ok"
    shutil.copy(server.folder / "dump.rdb", backup / "dump.rdb")


def bring_snapshot(server: Server, backup: Path) -> None:
    """Without the append-only file, which would be read instead; it's written anew from what was read."""
    shutil.rmtree(server.folder / "appendonlydir")
    shutil.copy(backup / "dump.rdb", server.folder / "dump.rdb")
    server.start(appendonly="no")
    server.ask("CONFIG", "SET", "appendonly", "yes")
    wait_for(lambda: server.persistence("aof_rewrite_in_progress") == "0" and server.persistence("aof_enabled") == "1")


def keep_log(server: Server, backup: Path) -> None:
    """The append-only file's folder, while no rewriting changes it."""
    server.ask("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
    wait_for(lambda: server.persistence("aof_rewrite_in_progress") == "0")
    shutil.copytree(server.folder / "appendonlydir", backup / "appendonlydir")
    server.ask("CONFIG", "SET", "auto-aof-rewrite-percentage", "100")


def bring_log(server: Server, backup: Path) -> None:
    shutil.rmtree(server.folder / "appendonlydir")
    shutil.copytree(backup / "appendonlydir", server.folder / "appendonlydir")
    server.start()


@pytest.mark.parametrize(("keep", "bring"), [(keep_snapshot, bring_snapshot), (keep_log, bring_log)])
def test_a_backup_that_is_brought_back_is_made_up_to_date_by_the_worker(
    keep: Step, bring: Step, kafka: str, namespace: str, tmp_path: Path
) -> None:
    rng = random.Random(4)
    backup = tmp_path / "backup"
    backup.mkdir()
    with serving(tmp_path / "redis") as server, live(kafka, server.url, namespace, tmp_path) as running:
        worker = running.worker()
        running.put_in_force(1)
        running.send(a_day(rng, 150))
        wait_until_whole(running)
        keep(server, backup)
        running.send(a_day(rng, 100))
        running.put_in_force(2)
        running.send(a_day(rng, 50))
        wait_until_whole(running)
        before = snapshot(running)
        server.kill()
        bring(server, backup)
        wait_until_whole(running)
        assert snapshot(running) == before
        running.stop(worker)
        server.kill()
        server.start()  # what it has now is in its append-only file
        assert snapshot(running) == before
