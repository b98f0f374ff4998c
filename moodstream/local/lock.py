"""One run at a time in a home: a lock that names its holder and that dies with it."""

import fcntl
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil  # type: ignore[import-untyped, unused-ignore]

from contracts.errors import Misconfigured

_TRIES: Final = 10
_PAUSE_S: Final = 0.05


@dataclass(frozen=True)
class Holder:
    """The process that holds a home: its command, and since when (seconds since 1970)."""

    pid: int
    command: str
    since: float


class HomeLock:
    """`with HomeLock(path):` holds the home; the kernel lets go when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stale: Holder | None = None
        """The run that was killed before this one, if any."""
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Raises `Misconfigured` when another process holds it; the text says which, and how to stop it."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _flock(file):
            os.close(file)
            raise Misconfigured(_held(self.path))
        self.stale = _read(self.path)
        _write(file, Holder(os.getpid(), " ".join(sys.argv), time.time()))
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


def holder(path: Path) -> Holder | None:
    """Who holds the lock at this path now; None when nobody does, also after a killed run."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    finally:
        os.close(file)
    return None


def stop_holder(path: Path, within_s: float = 15.0) -> Holder | None:
    """Ask the holder to stop (SIGTERM) and wait until it has; who it was, or None when nobody held it.

    Raises `Misconfigured` when it's still there after `within_s` seconds.
    """
    found = holder(path)
    if found is None:
        return None
    if psutil.pid_exists(found.pid):
        os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + within_s
    while holder(path) is not None:
        if time.monotonic() > deadline:
            raise Misconfigured(
                f"process {found.pid} did not stop within {within_s:.0f} s: end it with kill -9 {found.pid}"
            )
        time.sleep(_PAUSE_S)
    return found


def _flock(file: int) -> bool:
    """Whether the lock was got; tried for half a second, since `holder` takes it for an instant."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        else:
            return True
    return False


def _held(path: Path) -> str:
    found = _read(path)
    who = f"process {found.pid} ({found.command})" if found else "another process"
    return (
        f"{path.parent.absolute()} is in use by {who}: stop it with `moodstream down`, "
        "or choose another folder by MOODSTREAM_HOME"
    )


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: int, holder: Holder) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps(holder.__dict__).encode(), 0)
