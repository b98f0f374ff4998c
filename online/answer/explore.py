"""A small, exact exploration: some requests get the best items in any order, and impressions say how likely that was.

What is never shown is never learned of, and no other ranking can be judged by what followed. With probability `share`
the first `AMONG` places that no rule fixes are shuffled evenly; so the item that stands at one of them had the
probability share / AMONG to come there by the shuffle and, where it belongs there, 1 - share besides.
"""

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

AMONG: Final = 20
Places = NDArray[np.intp]
Propensities = NDArray[np.float64]


def explored(request_id: str, share: float, fixed: int, n: int) -> tuple[Places, Propensities]:
    """The order (n,) of n ranked items of which the first `fixed` stay, and how likely each stood where it stands.

    The same for the same request id; `share` 0 changes nothing, and all is certain.
    """
    order, likely = np.arange(n), np.ones(n)
    among = min(AMONG, n - fixed)
    if share <= 0 or among < 2:
        return order, likely
    rng = np.random.default_rng(int.from_bytes(blake2b(request_id.encode(), digest_size=16).digest(), "little"))
    if rng.random() < share:
        order[fixed : fixed + among] = fixed + rng.permutation(among)
    block = slice(fixed, fixed + among)
    likely[block] = share / among + (1 - share) * (order[block] == np.arange(n)[block])
    return order, likely
