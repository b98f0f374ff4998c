"""One child process: how it's started, whether it lives, and how it and all its own children are stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import psutil  # type: ignore[import-untyped, unused-ignore]

from moodstream.local import logs

TETHER: Final = Path(__file__).with_name("tether.py")
State = Literal["starting", "running", "waiting", "given up", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What to run: the command, variables beside the parent's own, the log, and how to see that it's ready."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    """Asked until true; None: ready as soon as it runs. It must answer within a second or so."""
    ready_within_s: float = 60.0


class Child:
    """The running process of one service; it leads a session of its own, so that Ctrl-C reaches only the parent."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.state: State = "starting"
        self.restarts = 0
        self.quick_deaths = 0
        self.up_since = 0.0
        """Seconds since 1970 of the newest start."""
        self.retry_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def spawn(self) -> None:
        """Start the process. Call it from a thread that outlives it: the child dies with the thread (see tether.py)."""
        command = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self.service.argv]
        self.up_since = time.time()
        with self.service.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **self.service.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.state = "running"

    def ended(self) -> str | None:
        """How the process ended, in words; None while it runs or before it began."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def is_ready(self) -> bool:
        return self.state == "running" and (self.service.ready is None or self.service.ready())

    def terminate(self) -> None:
        """Ask it to stop (SIGTERM)."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for its end so long, then end it and whatever it started (SIGKILL)."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, seconds))
        self.kill_group()
        self._process.wait()
        self.state = "stopped"

    def kill_group(self) -> None:
        """End what is left of its session."""
        if self._process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def tail(self) -> str:
        return logs.tail(self.service.log)


def sweep(leaders: Mapping[int, float], within_s: float = 5.0) -> list[int]:
    """End every process of the sessions that these pids led, started at (seconds since 1970) or after; their pids.

    For a run after a kill -9: what the kernel didn't end with the parent (a child's own children) is ended here.
    """
    found = [process for process in psutil.process_iter() if _belongs(process, leaders)]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, timeout=within_s)
    return [process.pid for process in found]


def _belongs(process: psutil.Process, leaders: Mapping[int, float]) -> bool:
    try:
        since = leaders.get(os.getsid(process.pid))
        if since is None or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return bool(process.create_time() >= since - 1.0)
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False
