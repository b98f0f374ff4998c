"""Several processes that serve at one address: started together, started again when one dies, ended together."""

import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

from contracts.errors import Misconfigured
from contracts.settings import Settings


class Seat(NamedTuple):
    """One process's place among the others."""

    folder: Path
    """Where they find each other; gone when they are."""
    number: int
    """From 0; a process that takes a dead one's place has its number."""

    @property
    def socket(self) -> Path:
        """Where it tells the others of itself."""
        return self.folder / f"{self.number}.sock"


Serve = Callable[[Settings, Seat, socket.socket], None]
"""Serves in this process until SIGTERM."""
_QUICK_S: Final = 10.0
_GIVE_UP: Final = 3
"""Deaths within so short a time of their start, after which something is wrong that no restart mends."""
_LEAVE_S: Final = 4.5
_spawn: Final = multiprocessing.get_context("spawn")
_log = logging.getLogger(__name__)


def serve_together(settings: Settings, serve: Serve) -> None:
    """Run `settings.api_processes` of them until SIGTERM or SIGINT; raises `Misconfigured` where they can't live."""
    with _listening(settings) as listening, tempfile.TemporaryDirectory(prefix="moodstream-") as folder:
        crew = _Crew(settings, serve, listening, Path(folder))
        try:
            crew.work()
        finally:
            crew.end()


class _Crew:
    def __init__(self, settings: Settings, serve: Serve, listening: socket.socket, folder: Path) -> None:
        self._settings = settings
        self._serve = serve
        self._listening = listening
        self._folder = folder
        self._processes: dict[int, tuple[SpawnProcess, float]] = {}
        """By number, each with when it was started."""
        self._deaths = 0
        self._heard, self._told = socket.socketpair()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._leave)

    def work(self) -> None:
        """Until told to leave."""
        for number in range(self._settings.api_processes):
            self._start(number)
        while self._heard not in (ended := wait([self._heard, *self._sentinels()])):
            for number, (process, began) in list(self._processes.items()):
                if process.sentinel in ended:
                    self._replace(number, process, time.monotonic() - began)

    def end(self) -> None:
        """End all that still run, within their grace."""
        processes = [process for process, _ in self._processes.values()]
        for process in processes:
            process.terminate()
        until = time.monotonic() + _LEAVE_S
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
            process.kill()
            process.join()

    def _sentinels(self) -> list[int]:
        return [process.sentinel for process, _ in self._processes.values()]

    def _start(self, number: int) -> None:
        seat = Seat(self._folder, number)
        process = _spawn.Process(target=_one, args=(self._serve, self._settings, seat, self._listening))
        process.start()
        self._processes[number] = process, time.monotonic()

    def _replace(self, number: int, process: SpawnProcess, lived_s: float) -> None:
        process.join()
        self._deaths = self._deaths + 1 if lived_s < _QUICK_S else 0
        if self._deaths >= _GIVE_UP:
            raise Misconfigured(f"the API's processes end as soon as they begin (exit code {process.exitcode})")
        _log.warning("process %d ended with exit code %s: starting another one", number, process.exitcode)
        Seat(self._folder, number).socket.unlink(missing_ok=True)
        self._start(number)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self._told.send(b".")


def _one(serve: Serve, settings: Settings, seat: Seat, listening: socket.socket) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(settings, seat, listening)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    try:
        return socket.create_server((settings.api_host, settings.api_port), family=family, backlog=2048)
    except OSError as error:
        raise Misconfigured(f"the API can't be at {settings.api_host}:{settings.api_port}: {error.strerror}") from error
