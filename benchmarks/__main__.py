"""`make bench`: every benchmark, one after the other, in at most a quarter of an hour; `bench.json`, a page, a table.

One that fails, or takes too long, is told of and costs none of the others' figures.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from benchmarks.drawn import page
from benchmarks.machine import between, look
from benchmarks.provenance import provenance
from benchmarks.result import Measured
from benchmarks.run_file import NAME, Quiet, Run, encoded
from benchmarks.shown import show
from benchmarks.suite import BENCHES
from moodstream.console import say
from moodstream.written import write

WITHIN_S: Final = 15 * 60.0
_TIDYING_S: Final = 20.0
_WORTH_STARTING_S: Final = 20.0


def run_all(names: Sequence[str], quick: bool) -> Run:
    """Run these, each within its own time, and all in a quarter of an hour."""
    began, first, load = datetime.now(UTC), look({}), os.getloadavg()[0]
    made_by = provenance()  # now: a commit may come in between
    deadline = time.monotonic() + WITHIN_S - _TIDYING_S
    found: list[Measured] = []
    failed: dict[str, str] = {}
    for place, name in enumerate(names):
        left_s = deadline - time.monotonic()
        say(f"[{place + 1} of {len(names)}] {name}: {BENCHES[name].what} ({left_s / 60:.1f} minutes are left)")
        try:
            found += run_one(name, quick, min(BENCHES[name].within_s, left_s))
        except RuntimeError as error:
            failed[name] = str(error)
            say(f"{name} has no figures: {error}")
    last = look({})
    return Run(
        kind="moodstream benchmarks",
        began=began.isoformat(timespec="seconds"),
        seconds=round(last.at - first.at, 1),
        quick=quick,
        provenance=made_by,
        quiet=Quiet(round(load, 2), round(os.getloadavg()[0], 2), between(first, last)["steal_share"]),
        found=found,
        failed=failed,
    )


def run_one(name: str, quick: bool, within_s: float) -> list[Measured]:
    """In a process of its own, ended when its time is over; raises `RuntimeError` with the reason for no figures."""
    if within_s < _WORTH_STARTING_S:
        raise RuntimeError("no time was left for it")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        command = [sys.executable, "-m", "benchmarks.one", name, str(file), *(["--quick"] if quick else [])]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            code = process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"it was ended after {within_s:.0f} s") from None
        finally:
            _end(process)
        if code:
            raise RuntimeError(f"it ended with exit code {code}: see above")
        return msgspec.json.decode(file.read_bytes(), type=list[Measured])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It and what it started are told to stop; what is left of them then is killed."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_TIDYING_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> None:
    """Run, write, show; exit code 1 where one has no figures."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=BENCHES, default=list(BENCHES), metavar="NAME", help=str([*BENCHES])
    )
    parser.add_argument("--out", type=Path, default=Path("bench"), help="the folder for bench.json and bench.html")
    parser.add_argument("--quick", action="store_true", help="only show that everything works")
    chosen = parser.parse_args()
    run = run_all(chosen.only, chosen.quick)
    show(run.found)
    write(chosen.out / NAME, encoded(run))
    write(chosen.out / "bench.html", page(run).encode())
    if run.failed:
        sys.exit("; ".join(f"{name} has no figures: {why}" for name, why in run.failed.items()))


if __name__ == "__main__":
    main()
