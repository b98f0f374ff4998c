"""`python -m tests.faults`: breaks everything, again and again, and tells whether anything was lost or came twice."""

import argparse
import logging
import secrets
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from kafka.errors import KafkaError

from tests.faults.named import FAULTS, SHORT
from tests.faults.rounds import rounds
from tests.faults.run import Run
from tests.faults.stack import stack
from tests.faults.table import never_hit


def main() -> int:
    asked = argparse.ArgumentParser(prog="make faults", description=__doc__)
    asked.add_argument("--seed", type=int, default=None, help="of everything that is drawn; a random one if not given")
    asked.add_argument("--rounds", type=int, default=1, help="each has every fault once")
    asked.add_argument("--short", action="store_true", help="the minute's version: a few faults that meet every guard")
    asked.add_argument("--fault", action="append", choices=tuple(FAULTS), help="only this one; may be repeated")
    given = asked.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    faults = tuple(given.fault or (SHORT if given.short else FAULTS))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return _run(seed, given.rounds, faults, again=_command(seed, given))


def _run(seed: int, number: int, faults: tuple[str, ...], again: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    began = time.monotonic()
    _say(f"seed {seed}: {number} rounds of {len(faults)} faults; everything is in {folder}")
    with stack(folder) as servers:
        run = Run(servers, f"faults-{seed}", seed)
        try:
            report = rounds(run, seed, number, faults, say=_say)
        finally:
            with suppress(KafkaError):
                run.end()
    _say(f"\n{report.shown()}\n{time.monotonic() - began:.0f} s")
    if len(faults) > 1:
        report.wrong += [f"this run has seen no {name}" for name in never_hit(report.counted)]
    if report.wrong:
        _say("\n".join([*report.wrong, f"Again: {again}", f"Logs: {folder}"]))
        return 1
    shutil.rmtree(folder)
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _command(seed: int, given: argparse.Namespace) -> str:
    args = [f'--fault "{fault}"' for fault in given.fault or ()] + (["--short"] if given.short else [])
    return f"make faults SEED={seed} ROUNDS={given.rounds}" + (f" ARGS='{' '.join(args)}'" if args else "")


if __name__ == "__main__":
    sys.exit(main())
