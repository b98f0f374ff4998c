"""A million items beside MovieLens-1M's 3,706: recall, answers, loading, memory; `make bench-index` has it.

Both bundles are made up (`benchmarks.made_up`), written to this disk and read as serving reads them. Answers are CPU
time over a store in memory, of the two catalogues in turn, so that whatever else the machine does meets both. Memory is
that of processes that load the bundle, answer, and go on living: pages that they share are split among them (PSS).
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np

from batch.nearest import exactly, recall
from batch.plan import DEFAULT
from benchmarks.machine import pss_mb
from benchmarks.made_up import ITEMS, SHAPE, clustered_bundle, made_catalogue, points, shape_of
from model import bundle as bundles
from model.bundle import Bundle
from model.index import FIRST
from moodstream.console import say
from moodstream.written import write_json
from tests.online.answer.world import World, took

MILLION: Final = 1_000_000
DEPTH: Final = 200
_QUERIES: Final = 200
_USERS: Final = 200
_TAKEN: Final = 4_000
_OF_SHAPE: Final = 4_000
_ASKED: Final[dict[str, dict[str, Any]]] = {
    "plain": {},
    "a mood": {"mood": "happy"},
    "a category": {"categories": ["Genre 3"]},
}


def main() -> None:
    """Make the bundles, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=MILLION, help="of the large catalogue")
    parser.add_argument("--answers", type=int, default=400, help="of each kind and catalogue")
    parser.add_argument("--loaded", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="where the figures go")
    asked = parser.parse_args()
    if asked.loaded:
        asyncio.run(_live(asked.loaded))
        return
    with tempfile.TemporaryDirectory(prefix="moodstream-bench-") as folder:
        small, large = (_written(Path(folder) / str(items), items) for items in (ITEMS, asked.items))
        said = {
            "items": asked.items,
            "shape": {"trained": SHAPE._asdict(), "made": _shape(large)},
            **_searched(bundles.read(large)),
            "answers": asyncio.run(_in_turn(small, large, asked.answers)),
            "processes": {str(path.name): [_processes(path, count) for count in (1, 2)] for path in (small, large)},
        }
    print(json.dumps(said, indent=2))
    write_json(asked.json, said)


def _written(folder: Path, items: int) -> Path:
    say(f"making {items:,} items")
    bundles.write(clustered_bundle(made_catalogue(items)), folder)
    return folder


def _shape(large: Path) -> dict[str, float]:
    vectors = bundles.read(large).vectors[FIRST:]
    some = np.random.default_rng(0).choice(len(vectors), min(len(vectors), _OF_SHAPE), replace=False)
    return {name: round(value, 3) for name, value in shape_of(vectors[some])._asdict().items()}


def _searched(bundle: Bundle) -> dict[str, Any]:
    """Recall, and the CPU time of a search, with embeddings that the index was not measured with."""
    nearest = bundle.nearest
    if nearest is None:
        return {}
    others = points(_QUERIES, DEFAULT.dim, seed=2)
    began = time.process_time()
    found = [nearest.search(one, DEPTH) for one in others]
    ended = time.process_time()
    best = [exactly(bundle.vectors, bundle.bias, one, DEPTH) for one in others]
    exact = time.process_time() - ended
    return {
        "index": bundle.metrics["index"],
        f"recall@{DEPTH}": round(recall(found, best, DEPTH), 4),
        "search_ms": round(1000 * (ended - began) / _QUERIES, 3),
        "exact_ms": round(1000 * exact / _QUERIES, 3),
    }


async def _in_turn(small: Path, large: Path, count: int) -> dict[str, Any]:
    """CPU ms of answers of 20, by kind, of both catalogues in turn."""
    worlds = [await _world(bundles.read(path)) for path in (small, large)]
    found = {}
    for kind, asked in _ASKED.items():
        each = np.array([[await _ms(world, number, asked) for world in worlds] for number in range(count)])
        p50, p99 = (np.percentile(each, share, axis=0) for share in (50, 99))
        found[kind] = {
            "p50_ms": p50.round(2).tolist(),
            "p99_ms": p99.round(2).tolist(),
            "p50_ratio": round(float(p50[1] / p50[0]), 2),
            "p99_ratio": round(float(p99[1] / p99[0]), 2),
        }
        say(f"{kind}: {found[kind]}")
    return found


async def _world(bundle: Bundle) -> World:
    """Some users who took some thousand items, and were all answered once."""
    rng, items = np.random.default_rng(3), len(bundle.catalogue)
    world = await World(bundle).begin()
    popular = (items * rng.beta(0.3, 3, _TAKEN)).astype(int)
    await world.learn(*(took(f"u{rng.integers(_USERS)}", f"{number + 1}") for number in popular))
    world.now += 2000
    for number in range(_USERS):
        await world.ask(f"u{number}")
    return world


async def _ms(world: World, number: int, asked: dict[str, Any]) -> float:
    began = time.process_time()
    await world.ask(f"u{number % _USERS}", n=20, **asked)
    return 1000 * (time.process_time() - began)


def _processes(folder: Path, count: int) -> dict[str, Any]:
    """So many processes that have the bundle and have answered: how long each took to load it, and their memory."""
    argv = [sys.executable, "-m", "benchmarks.million", "--loaded", str(folder)]
    with ExitStack() as stack:
        each = [_begun(stack, argv) for _ in range(count)]
        loaded = [_line(process) for process in each]
        memory = [round(pss_mb(process.pid), 1) for process in each]
        for process in each:
            process.communicate("\n")
    return {"loaded_s": loaded, "pss_mb": memory, "pss_mb_in_all": round(sum(memory), 1)}


def _begun(stack: ExitStack, argv: Sequence[str]) -> "subprocess.Popen[str]":
    return stack.enter_context(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


def _line(process: "subprocess.Popen[str]") -> float:
    return float(cast("IO[str]", process.stdout).readline())


async def _live(folder: Path) -> None:
    """Load, answer, say how long loading took, and live until told to end."""
    began = time.monotonic()
    bundle = bundles.read(folder)
    world = await World(bundle).begin()
    loaded = time.monotonic() - began
    for number in range(_USERS):
        await world.ask(f"u{number}")
    print(round(loaded, 2), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
