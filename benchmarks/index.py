"""The candidate index against an exact search, and what an answer costs, by size of the catalogue: `make bench-index`.

Vectors are made up: items lie around a hundred tastes in directions of falling width, as learned vectors do
(`benchmarks.made_up`), or, with `--even`, in no order at all, which is the worst case for any index.
"""

import argparse
import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from batch.nearest import exactly, recall, with_index
from benchmarks import made_up
from benchmarks.answers import answers
from model.bundle import Bundle
from model.index import FIRST
from model.items import Item
from model.nearest import EXACT, Lists, Nearest
from model.scoring import NEVER
from model.step import Encoder
from tests.fakes.bundle import random_bundle, random_parameters

DIM: Final = 64
HIDDEN: Final = 64
QUERIES: Final = 200

Floats = NDArray[np.float32]


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[50_000, 100_000])
    parser.add_argument("--even", action="store_true", help="vectors without any order")
    parser.add_argument("--answers", type=int, default=30, help="answers that are timed; 0 for none")
    asked = parser.parse_args()
    for items in asked.sizes:
        bundle = random_of(items, asked.even)
        started = time.perf_counter()
        indexed = with_index(bundle, lambda: points(QUERIES, asked.even, seed=1), least=0)
        built = time.perf_counter() - started
        print(f"{items:>9,} items: {searched(indexed, asked.even)}; made and measured in {built:.1f} s", flush=True)
        if asked.answers:
            print(f"{'':>9} {asyncio.run(answers(indexed if items > EXACT else bundle, asked.answers))}", flush=True)


def searched(bundle: Bundle, even: bool) -> str:
    """How much is found with embeddings that the index was not measured with, and how long a search takes both ways."""
    said = bundle.metrics["index"]
    nearest = Nearest(cast("Lists", bundle.lists), bundle.vectors, bundle.bias)
    others = points(QUERIES, even, seed=2)
    found = [nearest.search(one, 100) for one in others]
    best = [exactly(bundle.vectors, bundle.bias, one) for one in others]
    exact = mean_ms(lambda one: exactly(bundle.vectors, bundle.bias, one), others)
    index = mean_ms(lambda one: nearest.search(one, 100), others)
    return (
        f"{said['lists']} lists of which {said['probes']} are read; "
        f"recall@10 {recall(found, best, 10):.3f}, recall@100 {recall(found, best, 100):.3f}; "
        f"a search {index:.2f} CPU ms, exact {exact:.2f}: {exact / index:.0f} times faster"
    )


def random_of(items: int, even: bool) -> Bundle:
    """A bundle with an index where it is large: a small random one, with other items."""
    small = random_bundle(20, hidden=HIDDEN, dim=DIM)
    rng = np.random.default_rng(0)
    vectors = np.concatenate([np.zeros((FIRST, DIM), np.float32), points(items, even, seed=0)])
    bias = np.concatenate([np.full(FIRST, NEVER), rng.normal(0, 1, items)]).astype(np.float32)
    return replace(
        small,
        catalogue=tuple(Item(f"i{n}", f"Item {n}", (f"category {n % 20}",)) for n in range(items)),
        vectors=vectors,
        bias=bias,
        moods=np.concatenate([np.zeros((FIRST, 2)), rng.normal(0, 0.5, (items, 2))]).astype(np.float32),
        popularity=np.concatenate([np.zeros(FIRST), rng.exponential(1, items)]).astype(np.float32),
        encoder=Encoder({**random_parameters(HIDDEN, DIM, 1), "vectors": vectors}),
    )


def points(n: int, even: bool, seed: int) -> Floats:
    """(n, DIM): items or embeddings; those of one kind lie among those of the other."""
    if even:
        return np.random.default_rng(seed).standard_normal((n, DIM), np.float32) * np.float32(0.3)
    return made_up.points(n, DIM, seed)


def mean_ms(search: Callable[[Floats], object], queries: Floats) -> float:
    """The mean CPU time of a search over these queries (n, d)."""
    started = time.process_time()
    for one in queries:
        search(one)
    return 1000 * (time.process_time() - started) / len(queries)


if __name__ == "__main__":
    main()
