"""Processes of the tests themselves: a Python script in a child, and whether a process lives."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).parents[3]


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a script that can import the project; its lines are read from `stdout`."""
    command = [sys.executable, "-u", "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def lives(pid: int) -> bool:
    """Whether that process exists and is more than a zombie; one with threads that still end keeps its ports."""
    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1)
    except psutil.NoSuchProcess:
        return False


def eventually(holds: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Whether it comes to hold in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
