"""The candidate index of a large catalogue: made by k-means, and as wide as the recall that it must have asks for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.sequences import Sequences
from model import scoring
from model.bundle import Bundle
from model.index import FIRST
from model.nearest import EXACT, Lists, Nearest, with_bias
from model.step import Encoder
from model.tokens import Tokens

RECALL: Final = 0.98
"""Of the hundred best items of a query, on average over the queries."""
DEPTH: Final = 100
QUERIES: Final = 200
_ROUNDS: Final = 8
_EVENTS: Final = 64
"""The last ones of a user that an embedding is made from."""
_POINTS: Final = 64
"""Points of each list that k-means looks at."""

Floats = NDArray[np.float32]


def embeddings_of(encoder: Encoder, sequences: Sequences, n: int = QUERIES) -> Floats:
    """The embeddings (at most n, d) of users drawn at random, the same each time, right after their last event."""
    starts, stops = sequences.starts[:-1], sequences.starts[1:]
    users = np.random.default_rng(0).permutation(np.flatnonzero(stops > starts))[:n]
    hidden = encoder.zero(len(users))
    for place in range(_EVENTS, 0, -1):
        at = stops[users] - place
        there = at >= starts[users]
        if there.any():
            hidden[there] = encoder.step(hidden[there], Tokens(*(column[at[there]] for column in sequences.tokens)))
    return encoder.query(hidden, np.zeros(len(users), np.float32), np.zeros(len(users), np.int32))


def with_index(bundle: Bundle, embeddings: Callable[[], Floats], seed: int = 0, least: int = EXACT) -> Bundle:
    """The bundle list by list with an index, and its recall in the metrics; as it is with at most `least` items.

    `embeddings` makes those (n, d) of users that the recall is measured with.
    """
    if len(bundle.catalogue) <= least:
        return bundle
    lists = clustered(bundle.vectors, bundle.bias, seed)
    bundle = in_order(bundle, lists.of_item.argsort(kind="stable"))
    lists, measured = widened(replace(lists, of_item=np.sort(lists.of_item)), bundle.vectors, bundle.bias, embeddings())
    return replace(bundle, lists=lists, metrics={**bundle.metrics, "index": measured})


def in_order(bundle: Bundle, order: NDArray[np.intp]) -> Bundle:
    """The same items in another order (n,), so that each list of an index is a slice of them."""
    rows = np.concatenate([np.arange(FIRST), order + FIRST])
    vectors = bundle.vectors[rows]
    return replace(
        bundle,
        catalogue=tuple(bundle.catalogue[place] for place in order.tolist()),
        vectors=vectors,
        bias=bundle.bias[rows],
        moods=bundle.moods[rows],
        popularity=bundle.popularity[rows],
        encoder=Encoder({**bundle.encoder.parameters, "vectors": vectors}),
    )


def clustered(vectors: Floats, bias: Floats, seed: int) -> Lists:
    """About twice the square root of n lists, by k-means over items and biases; the same for the same seed."""
    import faiss

    points = with_bias(vectors[FIRST:], bias[FIRST:])
    n, width = points.shape
    k = min(n, int(2 * np.sqrt(n)))
    means: Any = faiss.Kmeans(
        width, k, niter=_ROUNDS, seed=seed + 1, max_points_per_centroid=_POINTS, min_points_per_centroid=1
    )
    with threadpool_limits(1):  # sums in another order are other sums
        means.train(points)
        of_item = means.index.search(points, 1)[1][:, 0]
    return Lists(np.ascontiguousarray(means.centroids, np.float32), of_item.astype(np.int32), probes=1)


def widened(lists: Lists, vectors: Floats, bias: Floats, embeddings: Floats) -> tuple[Lists, dict[str, Any]]:
    """The lists with as many probes as RECALL needs, or all, and what was measured."""
    nearest = Nearest(lists, vectors, bias)
    best = [exactly(vectors, bias, one) for one in embeddings]
    while True:
        found = [nearest.search(one, DEPTH) for one in embeddings]
        measured = recall(found, best, DEPTH)
        if measured >= RECALL or nearest.probes == len(lists.centres):
            break
        nearest.probes = min(nearest.probes + max(1, nearest.probes // 8), len(lists.centres))
    said = {
        "kind": "ivf",
        "lists": len(lists.centres),
        "probes": nearest.probes,
        "queries": len(embeddings),
        "recall@10": round(recall(found, best, 10), 4),
        f"recall@{DEPTH}": round(measured, 4),
    }
    return replace(lists, probes=nearest.probes), said


def exactly(vectors: Floats, bias: Floats, embedding: Floats, n: int = DEPTH) -> NDArray[np.intp]:
    """The rows (n,) of the n best items for one embedding (d,), by looking at all of them."""
    return scoring.top(scoring.scores(embedding[None], vectors, bias)[0, FIRST:], n) + FIRST


def recall(found: list[NDArray[np.int32]], best: list[NDArray[np.intp]], n: int) -> float:
    """The mean share of each query's n best that was found."""
    return float(np.mean([np.isin(one[:n], other).mean() for one, other in zip(best, found, strict=True)]))
