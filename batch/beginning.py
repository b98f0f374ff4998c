"""Where item vectors begin: with what was taken beside what, so that items of a few events need not find it out."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds
from threadpoolctl import threadpool_limits

from batch.network import Network
from batch.sequences import Sequences

_WINDOW: Final = 10
"""Events between two of a user that stand beside each other."""
_NEWEST: Final = 1_000_000
"""Events that are looked at: the pairs of so many fit into some hundred megabytes."""
_OF_OTHERS: Final = 0.75
"""The power of an item's count by which it's expected beside others (T. Mikolov et al., 2013, arXiv:1310.4546)."""
_LEAST: Final = 1e-3
"""Of the longest vector, what one must have to say anything."""

Floats = NDArray[np.float32]


def begin(network: Network, sequences: Sequences, seed: int = 0) -> None:
    """Set the item vectors of a new network; those that stand beside nothing stay as they were drawn."""
    found = vectors(sequences, network.ids.shape[1], seed)
    known = found.any(axis=1)
    with torch.no_grad():
        network.ids[torch.from_numpy(known)] = torch.from_numpy(found[known]).to(network.ids.device)


def vectors(sequences: Sequences, dim: int, seed: int = 0) -> Floats:
    """Of each row (rows, d), of length 1 on average; zero where too little is known of too few items.

    The widest directions of the positive pointwise mutual information of items that stand beside each other (O. Levy
    and Y. Goldberg, 2014), each by the root of its width, turned at random so that all numbers are as wide.
    """
    nothing = np.zeros((sequences.rows, dim), np.float32)
    beside = _beside(sequences)
    if np.count_nonzero(beside.sum(axis=0)) <= dim + 1:
        return nothing
    times = np.asarray(beside.sum(axis=1)).ravel()
    expected = times**_OF_OTHERS / (times**_OF_OTHERS).sum()
    pairs = beside.tocoo()
    information = np.log(pairs.data / (times[pairs.row] * expected[pairs.col])).astype(np.float32)
    positive = information > 0
    kept = (information[positive], (pairs.row[positive], pairs.col[positive]))
    rng = np.random.default_rng(seed)
    with threadpool_limits(1):  # the same bits however many threads a process has
        wide, width, _ = svds(sparse.csr_matrix(kept, beside.shape), dim, v0=rng.normal(size=sequences.rows))
        found = wide * np.sqrt(width) @ np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    lengths = np.sqrt((found**2).sum(axis=1))
    told = lengths > _LEAST * lengths.max()
    return np.where(told[:, None], found / np.sqrt(np.mean(lengths[told] ** 2)), 0).astype(np.float32)


def _beside(sequences: Sequences) -> sparse.csr_matrix:
    """How often (rows, rows) items were taken within the window of each other, both ways."""
    begins = np.zeros(len(sequences.place), np.bool_)
    begins[sequences.starts[:-1][np.diff(sequences.starts) > 0]] = True
    user = np.cumsum(begins)
    taken = sequences.target & (sequences.place >= len(sequences.place) - _NEWEST)
    item, user = sequences.tokens.item[taken], user[taken]
    shape = (sequences.rows, sequences.rows)
    found = sparse.csr_matrix(shape, dtype=np.float64)
    for apart in range(1, _WINDOW + 1):
        same = user[apart:] == user[:-apart]
        pairs = item[apart:][same], item[:-apart][same]
        found += sparse.csr_matrix((np.ones(len(pairs[0])), pairs), shape)
    return found + found.T
