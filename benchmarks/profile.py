"""Where the worker's time goes, as a flame graph: `make profile` (ARGS="--events 40000 --out profile.svg").

The worker learns a topic that was filled beforehand, from an empty store on, under py-spy, which needs no root since it
starts the worker itself. Starting is in the picture too: the more events, the less of it.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

from benchmarks.filled import filled, servers
from benchmarks.workers import COMMAND, take_in
from moodstream.console import say

EVENTS: Final = 40_000
_A_SECOND: Final = 100
"""Looks at the worker's stack."""


def profiled(out: Path) -> tuple[str, ...]:
    """The worker's command under py-spy; raises `SystemExit` where that isn't installed."""
    program = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if program is None:
        raise SystemExit("py-spy is not installed: make setup installs it")
    options = ("--output", str(out.absolute()), "--rate", str(_A_SECOND), "--threads")
    return (program, "record", *options, "--", *COMMAND)


def main() -> None:
    """Keep the flame graph."""
    parser = argparse.ArgumentParser(prog="make profile ARGS=…", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--out", type=Path, default=Path("profile.svg"), help="where the flame graph goes")
    chosen = parser.parse_args()
    command = profiled(chosen.out)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with servers(say) as stack:
        say(f"filling a topic with {chosen.events:,} events")
        topic = filled(stack, chosen.events)
        taken = take_in(topic, command=command)
    say(f"{taken.window.per_s:,.0f} events/s while it was watched; written to {chosen.out}")


if __name__ == "__main__":
    main()
