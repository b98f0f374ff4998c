"""The workers: started, killed, frozen and told to end; each reaches Redis by a link of its own."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.settings import Settings
from moodstream.local.ports import LOOPBACK
from tests.faults.network import Link, Network
from tests.faults.recorded import PARTITIONS
from tests.faults.servers import wait_until
from tests.faults.tally import read_tally
from tests.faults.worker import PRELOAD, answer, work

_FRESH_S: Final = 2.0
_ENDS_S: Final = 60.0


def forking() -> Any:
    """Processes forked from one that has imported all there is."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return context


class Process:
    """A process that can be killed, frozen and told to end."""

    def __init__(self, process: Any) -> None:
        self._process = process
        process.start()

    @property
    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    def kill(self) -> None:
        """kill -9."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join(_ENDS_S)

    def stop(self) -> int | None:
        """SIGTERM; its exit code."""
        self._process.terminate()
        self._process.join(_ENDS_S)
        code: int | None = self._process.exitcode
        return code

    def freeze(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)


class Worker:
    """One worker's process, its link to Redis, and what it has counted."""

    def __init__(self, number: int, process: Any, link: Link, tally: Path) -> None:
        self.number = number
        self.process = process
        self.link = link
        self.tally = tally
        self.frozen = False

    def owns(self) -> set[int]:
        """The partitions that it said it owns, of late."""
        now = time.monotonic()
        return {partition for partition, at in list(self.link.seen.beats.items()) if now - at < _FRESH_S}

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(_ENDS_S)

    def freeze(self) -> None:
        self.frozen = True
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        self.frozen = False
        os.kill(self.process.pid, signal.SIGCONT)


class Crew:
    """All workers of one run; `alive` are those that should be learning."""

    def __init__(self, settings: Settings, redis_port: int, network: Network, guard: str | None) -> None:
        self._settings = settings
        self._redis_port = redis_port
        self._network = network
        self._guard = guard
        self._context = forking()
        self._all: list[Worker] = []
        self.alive: list[Worker] = []

    def start(self) -> Worker:
        """One more; returns at once."""
        link = self._network.to_redis(self._redis_port)
        its = msgspec.structs.replace(self._settings, redis=f"redis://{LOOPBACK}:{link.port}/0")
        number, folder = len(self._all), self._settings.home
        tally = folder / f"tally-{number}"
        log = folder / f"worker-{number}.log"
        process = self._context.Process(target=work, args=(its, log, tally, self._guard), daemon=True)
        process.start()
        worker = Worker(number, process, link, tally)
        self._all.append(worker)
        self.alive.append(worker)
        return worker

    def kill(self, worker: Worker, *, its_writes: bool = True) -> None:
        """kill -9, and of what it has written and Redis has not read yet."""
        self.alive.remove(worker)
        worker.kill()
        if its_writes:
            worker.link.shut()

    def stop(self, worker: Worker) -> None:
        """SIGTERM; raises `AssertionError` unless it ends well."""
        self.alive.remove(worker)
        worker.process.terminate()
        worker.process.join(_ENDS_S)
        assert worker.process.exitcode == 0, f"worker {worker.number} ended with {worker.process.exitcode}, see its log"

    def settle(self, within_s: float = 180.0) -> None:
        """Until each partition has one owner, and each worker a partition."""
        wait_until(self._is_settled, f"{len(self.alive)} workers to share the partitions", within_s)

    def _is_settled(self) -> bool:
        for worker in self.alive:
            assert worker.process.is_alive(), f"worker {worker.number} ended by itself, see its log"
        owned = [worker.owns() for worker in self.alive]
        return all(owned) and sorted(chain.from_iterable(owned)) == list(range(PARTITIONS))

    def tally(self) -> Counter[str]:
        """What all workers counted, the dead ones too."""
        return sum((read_tally(worker.tally) for worker in self._all), Counter[str]())

    def refused(self) -> int:
        """How many writes the store has refused."""
        return sum(sum(worker.link.seen.refused.values()) for worker in self._all)

    def cut_off(self) -> int:
        """Drop all connections of all workers; how many there were."""
        return sum(worker.link.cut() for worker in self.alive)

    def end(self) -> None:
        """Leave nobody behind."""
        for worker in self._all:
            if worker.process.is_alive():
                worker.kill()


class Api:
    """The API's process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._context = forking()
        self._process: Any = None

    def start(self) -> None:
        """Returns at once: who posts meanwhile posts again."""
        log = self._settings.home / "api.log"
        self._process = self._context.Process(target=answer, args=(self._settings, log), daemon=True)
        self._process.start()

    def kill(self) -> None:
        """kill -9."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join(_ENDS_S)

    def end(self) -> None:
        if self._process and self._process.is_alive():
            self.kill()
