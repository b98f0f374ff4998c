"""The encoder's steps for a micro-batch of users, in rounds: every user's first pending event, then the second …"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.tokens import Tokens
from online.learn.fold import Working
from online.learn.tokens import tokens_of
from online.store.state import UserState

_AHEAD: Final = 16
"""Rounds whose tokens are read at once: of a user with many, and of many users in bounded memory."""


def advance(users: Sequence[Working], bundle: Bundle) -> list[UserState]:
    """The states of these users, all on this bundle, after all that they have pending.

    The bytes of a state don't depend on who else is in the batch: the encoder works user by user.
    """
    hidden, encoder = _stack(users, bundle), bundle.encoder
    tokens = [tokens_of(user.pending, bundle.index, user.stepped_to) for user in users]
    for start in range(0, max((len(user.pending) for user in users), default=0), _AHEAD):
        part = [Tokens(*(column[start : start + _AHEAD] for column in columns)) for columns in tokens]
        read = encoder.read(Tokens(*(np.concatenate(columns) for columns in zip(*part, strict=True))))
        pending = np.array([len(columns.item) for columns in part])
        first = np.cumsum(pending) - pending
        for turn in range(pending.max()):
            rows = np.flatnonzero(pending > turn)
            hidden[rows] = encoder.go(hidden[rows], read[first[rows] + turn])
    nothing = np.zeros(len(users))
    embedding = encoder.query(hidden, nothing.astype(np.float32), nothing.astype(np.int32))
    return [
        msgspec.structs.replace(user.state, hidden=hidden[row], embedding=embedding[row])
        for row, user in enumerate(users)
    ]


def _stack(users: Sequence[Working], bundle: Bundle) -> NDArray[np.float32]:
    """The users' hidden states (n, H): zero for the new ones."""
    zero = bundle.encoder.zero(1)[0]
    rows = [user.state.hidden if len(user.state.hidden) else zero for user in users]
    return np.stack(rows).astype(np.float32) if rows else bundle.encoder.zero(0)
