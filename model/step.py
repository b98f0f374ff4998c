"""The encoder in numpy, one event at a time for many users, with bytes that do not depend on who shares a batch."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model import encoder
from model.tokens import Tokens, padding

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

TILES: Final = (16, 8, 4, 1)
"""Rows of every matrix product: the first of these for which this machine's BLAS treats all rows alike."""


class Encoder:
    """Steps and queries in zero-padded tiles of one row count, so that any split into batches gives the same bytes.

    The last bits of a product depend on its number of rows and, in most BLAS kernels, on where a row stands among
    them: with 64 rows OpenBLAS 0.3.31 sums 34 of them differently on a Zen core. With 16 users as columns none differs
    on its Zen, Haswell, Skylake-X, Sandy Bridge and Nehalem kernels; here it is tried, not trusted. Equal bytes are
    promised on one machine with one locked environment (DESIGN.md, "Once"); across machines vectors agree to 1e-5.
    """

    def __init__(self, parameters: Mapping[str, Floats]) -> None:
        self.parameters = {name: np.ascontiguousarray(value, np.float32) for name, value in parameters.items()}
        self.dim, self.hidden_size = self.parameters["output"].shape
        self.tile = next(tile for tile in TILES if tile == 1 or self._treats_rows_alike(tile))

    def zero(self, n: int) -> Floats:
        """The states (n, H) of users without an event."""
        return np.zeros((n, self.hidden_size), np.float32)

    def step(self, hidden: Floats, tokens: Tokens) -> Floats:
        """The states (n, H) after one event of each of n users; tokens of shape (n,)."""
        return self.go(hidden, self.read(tokens))

    def read(self, tokens: Tokens) -> Floats:
        """What each of n tokens (n,) brings into the recurrence, (n, 3H): of many events of one user at once."""
        n = len(tokens.weight)
        return _flat(encoder.read(self.parameters, Tokens(*(self._tiles(part) for part in tokens))), n)

    def go(self, hidden: Floats, read: Floats) -> Floats:
        """The states (n, H) after one event of each of n users, which was `read` (n, 3H)."""
        return _flat(encoder.cell(self.parameters, self._tiles(hidden), self._tiles(read)), len(hidden))

    def query(self, hidden: Floats, gap: Floats, mood: Rows) -> Floats:
        """The embeddings (n, d) of n users `gap` (n,) seconds after their last event, with the mood (n,) asked for."""
        n = len(hidden)
        return _flat(encoder.query(self.parameters, *(self._tiles(part) for part in (hidden, gap, mood))), n)

    def _tiles(self, rows: NDArray[Any]) -> NDArray[Any]:
        """`rows` (n, ...) as tiles (ceil(n / tile), tile, ...), the last one filled up with zeros."""
        count = -(-len(rows) // self.tile)
        tiles = np.zeros((count * self.tile, *rows.shape[1:]), rows.dtype)
        tiles[: len(rows)] = rows
        return tiles.reshape(count, self.tile, *rows.shape[1:])

    def _treats_rows_alike(self, tile: int) -> bool:
        self.tile = tile
        rng = np.random.default_rng(0)
        hidden = np.tile(rng.random((1, self.hidden_size), np.float32) - np.float32(0.5), (tile, 1))
        blank = padding(tile)
        tokens = blank._replace(weight=blank.weight + np.float32(0.3), gap=blank.gap + np.float32(77.7))
        stepped = self.step(hidden, tokens)
        asked = self.query(stepped, tokens.gap, tokens.mood)
        return bool((stepped == stepped[0]).all() and (asked == asked[0]).all())


def _flat(tiles: Any, n: int) -> Floats:
    return np.ascontiguousarray(tiles.reshape(-1, tiles.shape[-1])[:n])
