"""Cores and memory as the kernel counts them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.machine import between, look, pss_mb, starved


def test_a_busy_process_takes_a_core_and_a_sleeping_one_none() -> None:
    with _running("while True: pass") as busy, _running("import time; time.sleep(600)") as idle:
        for attempt in range(10):
            try:
                _look_at(busy, idle)
            except AssertionError:  # who is stopped in the midst of a look sees what was never so at one time
                if attempt == 9:
                    raise
            else:
                return


@contextmanager
def _running(code: str) -> Iterator[int]:
    """The id of a process that runs this."""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def _look_at(busy: int, idle: int) -> None:
    first = look({"busy": [busy], "idle": [idle]})
    time.sleep(1)
    last = look({"busy": [busy], "idle": [idle]})
    cores, waits = between(first, last), starved(first, last)
    memory = pss_mb(idle)
    assert 0.1 < cores["busy"] <= 1.1
    assert cores["idle"] < 0.1
    assert cores["busy"] <= cores["all"] <= (os.cpu_count() or 1) + 0.1
    assert 0 <= cores["steal_share"] <= 1
    assert 1 < memory < 100
    # a core is either had or waited for
    assert 0.8 < cores["busy"] / (1 - min(waits["busy"], 0.99)) < 1.2
    assert 0 <= waits["idle"] <= 1


def test_who_is_gone_takes_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    first = look({"gone": [gone.pid]})
    assert first.worked == {"gone": 0.0}
    assert pss_mb(gone.pid) == 0
