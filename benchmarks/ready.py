"""Seconds from a process's start until it's ready to answer, and its memory: `python -m benchmarks.ready`.

A process of the API is started again and again on a bundle of MovieLens-1M's size on this disk, and asked for
`/health/ready` every few milliseconds until it answers 200 with that bundle; the bare FastAPI beside it likewise.
Memory is that of the two processes of the API and of the worker of a stage after some hundred answers: each page that
several share is split among them (PSS), so that their sum is what the machine gives.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.generator import Address, Generator, Plan
from benchmarks.machine import pss_mb
from benchmarks.serving import ASKED
from benchmarks.stage import ONE_THREAD, Stage, arguments, free_addresses, staged, world_of
from contracts.errors import Unavailable
from moodstream.console import say
from moodstream.written import write_json

_LOOK_S: Final = 0.002
_PATIENCE_S: Final = 120.0
_STOP_S: Final = 10.0
_ANSWERS_PER_S: Final = 50.0
_ANSWERS_S: Final = 8.0


def seconds_until(argv: Sequence[str], environment: Mapping[str, str], address: Address, path: str, said: str) -> float:
    """From the process's start to the first 200 with `said` in it; the process is ended. Raises `Unavailable`."""
    began = time.monotonic()
    with subprocess.Popen(argv, env={**os.environ, **environment}, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None and time.monotonic() - began < _PATIENCE_S:
                if said in _answer(address, path):
                    return time.monotonic() - began
                time.sleep(_LOOK_S)
            raise Unavailable(f"{' '.join(argv)} was not ready within {_PATIENCE_S:.0f} s, or ended")
        finally:
            process.terminate()
            process.wait(_STOP_S)


def _answer(address: Address, path: str) -> str:
    connection = http.client.HTTPConnection(*address, timeout=1)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else ""
    except OSError:
        return ""
    finally:
        connection.close()


def starts(stage: Stage, version: str, repeats: int) -> dict[str, Any]:
    """The API and the bare one in turn."""
    api, bare = free_addresses(2)
    its = msgspec.structs.replace(stage.settings, api_port=api[1])
    environment = {**its.environment(), **ONE_THREAD}
    ours, theirs = list[float](), list[float]()
    for number in range(repeats):
        argv = (sys.executable, "-m", "moodstream", "serve")
        ours.append(seconds_until(argv, environment, api, "/health/ready", version))
        argv = (sys.executable, "-m", "benchmarks.hello", str(bare[1]))
        theirs.append(seconds_until(argv, ONE_THREAD, bare, "/hello", "world"))
        say(f"{number + 1}/{repeats}: ready after {ours[-1]:.2f} s, the bare one after {theirs[-1]:.2f} s")
    return {
        "ready_s": [round(one, 3) for one in ours],
        "ready_s_median": round(statistics.median(ours), 3),
        "hello_ready_s": [round(one, 3) for one in theirs],
        "hello_ready_s_median": round(statistics.median(theirs), 3),
    }


def memory(stage: Stage) -> dict[str, Any]:
    """In MB, after some answers."""
    with Generator() as generator:
        plan = Plan(stage.apis, stage.requests(ASKED), _ANSWERS_S, _ANSWERS_PER_S)
        heard = generator.run(plan)
        generator.run(plan._replace(addresses=stage.hellos, requests=stage.requests("/hello")))
    found = {f"{name}_mb": [round(pss_mb(pid), 1) for pid in pids] for name, pids in stage.processes().items()}
    return {"answered_before": heard.good, **found}


def main() -> None:
    """Set the stage, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    world = world_of(chosen)
    version, items = world.bundle.version, len(world.bundle.catalogue)
    with staged(world, chosen.home) as stage:
        said = {"items": items, **memory(stage), **starts(stage, version, chosen.repeats)}
    print(json.dumps(said, indent=2))
    write_json(chosen.json, said)


if __name__ == "__main__":
    main()
