"""Cores and memory as the kernel counts them."""

import os
import subprocess
import sys
import time

from benchmarks.machine import between, look, pss_mb, starved


def test_a_busy_process_takes_a_core_and_a_sleeping_one_none() -> None:
    code = "import time; end = time.monotonic() + {}\nwhile time.monotonic() < end: pass\ntime.sleep(10)"
    with (
        subprocess.Popen([sys.executable, "-c", code.format(10)]) as busy,
        subprocess.Popen([sys.executable, "-c", code.format(0)]) as idle,
    ):
        time.sleep(0.5)
        first = look({"busy": [busy.pid], "idle": [idle.pid]})
        time.sleep(1)
        last = look({"busy": [busy.pid], "idle": [idle.pid]})
        cores, waits = between(first, last), starved(first, last)
        memory = pss_mb(idle.pid)
        busy.kill()
        idle.kill()
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
