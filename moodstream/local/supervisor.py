"""Keeps services running: starts them, starts again those that die, gives up with a reason, stops all."""

import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from contracts.errors import Unavailable
from moodstream.local import logs
from moodstream.local.home import Say
from moodstream.local.service import Child, Service
from moodstream.local.status import Status, write_status

STOP_WITHIN_S: Final = 9.0
_LOOK_EVERY_S: Final = 0.1
_LOGS_EVERY_S: Final = 5.0
_REMIND_EVERY_S: Final = 10.0
_BACKOFF_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0)


class Supervisor:
    """Services by name, in the order of their start; one thread of its own starts and watches them all.

    That thread lives as long as the children, which die with it: a killed supervisor leaves nobody behind.
    """

    def __init__(self, status_file: Path, say: Say, *, quick_s: float = 10.0, give_up_after: int = 5) -> None:
        """A death within `quick_s` of its start is quick; so many in a row and a service is given up."""
        self.failure: str | None = None
        """Why a service was given up, with the end of its log."""
        self._status_file = status_file
        self._say = say
        self._quick_s = quick_s
        self._give_up_after = give_up_after
        self._children: list[Child] = []
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._stopping = False
        self._keeper = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *services: Service) -> None:
        """Start these together and return once all are ready.

        Raises `Unavailable`, with the end of its log, for one that dies or isn't ready in time.
        """
        children = [Child(service) for service in services]
        with self._guard:
            self._children += children
        self._await(children)

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Stop all, the newest first, each before the next; what doesn't obey is killed; all within the time given."""
        with self._guard:
            self._stopping = True
        deadline = time.monotonic() + within_s
        for place, child in reversed(list(enumerate(self._children))):
            child.terminate()
            child.wait(deadline - time.monotonic() - 0.5 * place)
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        self._status_file.unlink(missing_ok=True)

    def status(self) -> list[Status]:
        """Each service as it is now, in the order of their start."""
        return [
            Status(
                name=child.service.name,
                pid=child.pid if child.state == "running" else None,
                state=child.state,
                restarts=child.restarts,
                up_since=child.up_since,
                log=str(child.service.log.absolute()),
            )
            for child in self._children
        ]

    def wait(self) -> None:
        """Sleep until a service is given up, then raise `Unavailable` with the reason; signals interrupt it."""
        while self.failure is None:
            self._ended.wait(0.5)
        raise Unavailable(self.failure)

    def _await(self, pending: list[Child]) -> None:
        began, remind_at = time.monotonic(), _REMIND_EVERY_S
        while pending:
            waited = time.monotonic() - began
            for child in pending:
                self._refuse_if_late(child, waited)
            ready = [child for child in pending if child.is_ready()]
            for child in ready:
                self._say(f"  {child.service.name} is up ({time.monotonic() - began:.1f} s)")
            pending = [child for child in pending if child not in ready]
            if waited > remind_at:
                remind_at += _REMIND_EVERY_S
                late = ", ".join(f"{child.service.name} (log: {_log(child)})" for child in pending)
                self._say(f"  {waited:.0f} s, still waiting for an answer of {late}")
            time.sleep(0.05 if pending else 0)

    def _refuse_if_late(self, child: Child, waited: float) -> None:
        name = child.service.name
        if child.state == "given up":
            raise Unavailable(self.failure or f"{name} was given up")
        if waited > child.service.ready_within_s:
            raise Unavailable(f"{name} is not ready after {waited:.0f} s; the end of {_log(child)}:\n{child.tail()}")

    def _keep(self) -> None:
        look_at_logs = 0.0
        while not self._ended.wait(_LOOK_EVERY_S):
            with self._guard:
                changes = [] if self._stopping else [self._tend(child) for child in self._children]
            if any(changes):
                with suppress(OSError):  # a full disk must not end the watch
                    write_status(self._status_file, self.status())
            if time.monotonic() >= look_at_logs:
                look_at_logs = time.monotonic() + _LOGS_EVERY_S
                for child in self._children:
                    with suppress(OSError):
                        logs.limit(child.service.log)

    def _tend(self, child: Child) -> bool:
        """Start, watch or start again one child; whether its state changed."""
        now = time.time()
        if child.state == "starting" or (child.state == "waiting" and now >= child.retry_at):
            self._spawn(child)
            return True
        how = child.ended() if child.state == "running" else None
        if how is None:
            return False
        child.kill_group()
        child.quick_deaths = child.quick_deaths + 1 if now - child.up_since < self._quick_s else 1
        if child.quick_deaths >= self._give_up_after:
            self._give_up(child, how)
        else:
            child.state, child.restarts = "waiting", child.restarts + 1
            pause = _BACKOFF_S[min(child.quick_deaths, len(_BACKOFF_S)) - 1]
            child.retry_at = now + pause
            self._say(f"{child.service.name} {how}: starting it again in {pause:.1f} s (log: {_log(child)})")
        return True

    def _spawn(self, child: Child) -> None:
        try:
            child.spawn()
        except OSError as error:
            self._give_up(child, f"can't be started ({error.strerror})")

    def _give_up(self, child: Child, how: str) -> None:
        times = f" {child.quick_deaths} times in a row" if child.quick_deaths > 1 else ""
        self.failure = f"{child.service.name} {how}{times}: given up; the end of {_log(child)}:\n{child.tail()}"
        child.state = "given up"  # last: whoever waits for the child sees it and asks why
        self._say(self.failure)


def _log(child: Child) -> str:
    file = child.service.log
    with suppress(ValueError):
        return str(file.absolute().relative_to(Path.cwd()))
    return str(file)
