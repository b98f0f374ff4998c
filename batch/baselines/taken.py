"""Who took what, as a sparse matrix."""

from collections.abc import Collection, Sequence

import numpy as np
import scipy.sparse as sp


def matrix_of(users: Sequence[Collection[int]], items: int) -> sp.csr_matrix:
    """Ones (users, items) in float32 where a user took an item; each user's items are distinct."""
    starts = np.concatenate([[0], np.cumsum([len(taken) for taken in users], dtype=np.int64)])
    columns = np.fromiter((item for taken in users for item in taken), np.int32, int(starts[-1]))
    return sp.csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=(len(users), items))
