"""The encoder in numpy, one event at a time for many users, with bytes that do not depend on who shares a batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.kinds import REFUSED
from model import encoder
from model.tokens import Tokens

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]


class Encoder:
    """Steps and queries user by user, in one call for all of them: any split into batches gives the same bytes.

    A product of a matrix and many users' vectors at once would not: its last bits depend on how many there are and, in
    most BLAS kernels, on where one stands among them. Equal bytes are promised on one machine with one locked
    environment (DESIGN.md, "Once"); across machines vectors agree to 1e-5.
    """

    def __init__(self, parameters: Mapping[str, Floats]) -> None:
        self.parameters = {name: np.ascontiguousarray(value, np.float32) for name, value in parameters.items()}
        self.dim, self.hidden_size = self.parameters["output"].shape
        self.unheard = frozenset(kind for kind in REFUSED if not self.parameters["kinds"][kind].any())
        """Kinds of which training hardly had any: zeros stand for them, and of what such an event is about, nothing is
        read, since the encoder would take an item that was turned down for one that was taken."""

    def zero(self, n: int) -> Floats:
        """The states (n, H) of users without an event."""
        return np.zeros((n, self.hidden_size), np.float32)

    def step(self, hidden: Floats, tokens: Tokens) -> Floats:
        """The states (n, H) after one event of each of n users; tokens of shape (n,)."""
        return self.go(hidden, self.read(tokens))

    def read(self, tokens: Tokens) -> Floats:
        """What each of n tokens (n,) brings into the recurrence, (n, 3H): of many events of one user at once."""
        return _together(encoder.read(self.parameters, Tokens(*map(_each, tokens))))

    def go(self, hidden: Floats, read: Floats) -> Floats:
        """The states (n, H) after one event of each of n users, which was `read` (n, 3H)."""
        return _together(encoder.cell(self.parameters, _each(hidden), _each(read)))

    def query(self, hidden: Floats, gap: Floats, mood: Rows) -> Floats:
        """The embeddings (n, d) of n users `gap` (n,) seconds after their last event, with the mood (n,) asked for."""
        return _together(encoder.query(self.parameters, *map(_each, (hidden, gap, mood))))


def _each(rows: NDArray[Any]) -> NDArray[Any]:
    """`rows` (n, ...) as a stack of n products' operands (n, 1, ...)."""
    return rows[:, None]


def _together(each: Any) -> Floats:
    return np.ascontiguousarray(each[:, 0])
