"""From users' embeddings to scored items."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEVER = np.float32(-1e4)
"""The bias of a row that is no item, so that it never ranks and takes no part in a softmax."""


def scores(embeddings: Floats, vectors: Floats, bias: Floats) -> Floats:
    """Scores (n, rows) of every row for embeddings (n, d), vectors (rows, d) and bias (rows,)."""
    return np.asarray(embeddings @ vectors.T + bias, np.float32)


def log_softmax(scores: Floats) -> Floats:
    """The logarithm of each row's probability over the last axis, (..., rows)."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)


def top(scores: Floats, n: int) -> NDArray[np.intp]:
    """The places of the n greatest of scores (rows,), best first; equal scores in the order of their places."""
    if n <= 0:
        return np.empty(0, np.intp)
    if n >= len(scores):
        return np.argsort(-scores, kind="stable")
    least = np.partition(scores, -n)[-n]
    places = np.nonzero(scores >= least)[0]
    return places[np.argsort(-scores[places], kind="stable")][:n]
