"""The encoder's steps for a micro-batch of users, in rounds: every user's first pending event, then the second …"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.tokens import Tokens
from online.learn.fold import Working
from online.learn.tokens import tokens_of
from online.store.state import UserState


def advance(users: Sequence[Working], bundle: Bundle) -> list[UserState]:
    """The states of these users, all on this bundle, after all that they have pending.

    The bytes of a state don't depend on who else is in the batch: the encoder works in tiles of one size.
    """
    tokens = [tokens_of(user.pending, bundle.index, user.stepped_to) for user in users]
    hidden = _stack(users, bundle)
    for turn in range(max((len(user.pending) for user in users), default=0)):
        rows = [row for row, user in enumerate(users) if len(user.pending) > turn]
        hidden[rows] = bundle.encoder.step(hidden[rows], _at(turn, [tokens[row] for row in rows]))
    nothing = np.zeros(len(users))
    embedding = bundle.encoder.query(hidden, nothing.astype(np.float32), nothing.astype(np.int32))
    return [
        msgspec.structs.replace(user.state, hidden=hidden[row], embedding=embedding[row])
        for row, user in enumerate(users)
    ]


def _stack(users: Sequence[Working], bundle: Bundle) -> NDArray[np.float32]:
    """The users' hidden states (n, H): zero for the new ones."""
    zero = bundle.encoder.zero(1)[0]
    rows = [user.state.hidden if len(user.state.hidden) else zero for user in users]
    return np.stack(rows).astype(np.float32) if rows else bundle.encoder.zero(0)


def _at(turn: int, tokens: Sequence[Tokens]) -> Tokens:
    """The tokens (n,) that stand at one place of each sequence."""
    return Tokens(*(np.stack([column[turn] for column in columns]) for columns in zip(*tokens, strict=True)))
