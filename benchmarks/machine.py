"""What processes take of the machine while something is measured: cores, memory, and what the host took away."""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import psutil  # type: ignore[import-untyped, unused-ignore]

_STEAL: Final = 7
"""Its place in the first line of /proc/stat (proc(5)), in which guests' time is counted twice after it."""
_OWN: Final = 8


class Look(NamedTuple):
    """Seconds of CPU since each process began, and of the whole machine."""

    at: float
    worked: dict[str, float]
    waited: dict[str, float]
    """Seconds that a process's threads could have worked and had no core: what others do to it."""
    busy: float
    steal: float
    whole: float


def look(processes: Mapping[str, Iterable[int]]) -> Look:
    """Now; `processes` are the ids of each name, whose children count with them."""
    idle, steal, whole = _machine()
    worked = {name: sum(map(_worked, pids)) for name, pids in processes.items()}
    waited = {name: sum(map(_waited, pids)) for name, pids in processes.items()}
    return Look(time.monotonic(), worked, waited, whole - idle - steal, steal, whole)


def between(first: Look, last: Look) -> dict[str, float]:
    """Cores that each took on average, that all others took, and the share of the machine's time that was stolen."""
    seconds = last.at - first.at
    cores = {name: round((last.worked[name] - first.worked[name]) / seconds, 3) for name in last.worked}
    busy, whole = (last.busy - first.busy) / seconds, last.whole - first.whole
    others = max(0.0, busy - sum(cores.values()))
    stolen = (last.steal - first.steal) / max(whole, 1e-9)
    return {**cores, "others": round(others, 3), "all": round(busy, 3), "steal_share": round(stolen, 4)}


def starved(first: Look, last: Look) -> dict[str, float]:
    """For each the share of the time in which its threads wanted a core that they had to wait for one.

    Near 0 on a machine with cores to spare; where it is large, latencies tell of the others, not of the server.
    """
    found = {}
    for name, worked in last.worked.items():
        waited, worked = last.waited[name] - first.waited[name], worked - first.worked[name]
        found[name] = round(waited / max(waited + worked, 1e-9), 3)
    return found


def pss_mb(pid: int) -> float:
    """Memory of a process and its children, shared pages split among those who share them (proc(5), smaps_rollup)."""
    return sum(_pss_kb(one.pid) for one in _with_children(pid)) / 1000


def _pss_kb(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1.024 * int(line.split()[1])
    return 0.0


def _worked(pid: int) -> float:
    seconds = 0.0
    for one in _with_children(pid):
        with suppress(psutil.Error):
            times = one.cpu_times()
            seconds += times.user + times.system
    return seconds


def _waited(pid: int) -> float:
    """By the kernel's own book: nanoseconds run, nanoseconds on a run queue, turns (sched-stats.rst)."""
    nanoseconds = 0
    for one in _with_children(pid):
        for task in Path(f"/proc/{one.pid}/task").glob("*/schedstat"):
            with suppress(OSError):
                nanoseconds += int(task.read_text().split()[1])
    return nanoseconds / 1e9


def _with_children(pid: int) -> "list[psutil.Process]":
    try:
        one = psutil.Process(pid)
        return [one, *one.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _machine() -> tuple[float, float, float]:
    """Seconds idle, stolen, and in all, of all cores together."""
    ticks = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    hertz = os.sysconf("SC_CLK_TCK")
    return (ticks[3] + ticks[4]) / hertz, ticks[_STEAL] / hertz, sum(ticks[:_OWN]) / hertz
