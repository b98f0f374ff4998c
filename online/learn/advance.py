"""The encoder's steps for a micro-batch of users, in rounds: every user's first pending event, then the second …"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.step import Floats
from model.tokens import Tokens
from online.learn.fold import Working
from online.learn.foretold import Foretold
from online.learn.foretold import asked as ask
from online.learn.tokens import tokens_of
from online.store.state import UserState

Asked = tuple[int, int, Floats]
"""Which user, which of their pending events, and the state (H,) before it."""
_AHEAD: Final = 16
"""Rounds whose tokens are read at once: of a user with many, and of many users in bounded memory."""


def advance(users: Sequence[Working], bundle: Bundle) -> list[UserState]:
    """The states of these users, all on this bundle, after all that they have pending.

    The bytes of a state don't depend on who else is in the batch: the encoder works user by user.
    """
    hidden, encoder = _stack(users, bundle), bundle.encoder
    asked: defaultdict[int, list[int]] = defaultdict(list)
    for row, user in enumerate(users):
        for at in user.asked:
            asked[at].append(row)
    before: list[Asked] = []
    tokens = [tokens_of(user.pending, bundle.index, encoder.unheard, user.stepped_to) for user in users]
    for start in range(0, max((len(user.pending) for user in users), default=0), _AHEAD):
        part = [Tokens(*(column[start : start + _AHEAD] for column in columns)) for columns in tokens]
        read = encoder.read(Tokens(*(np.concatenate(columns) for columns in zip(*part, strict=True))))
        pending = np.array([len(columns.item) for columns in part])
        first = np.cumsum(pending) - pending
        for turn in range(pending.max()):
            rows = np.flatnonzero(pending > turn)
            before += [(row, start + turn, hidden[row].copy()) for row in asked.get(start + turn, ())]
            hidden[rows] = encoder.go(hidden[rows], read[first[rows] + turn])
    foretold = _foretold(users, bundle, tokens, before)
    nothing = np.zeros(len(users))
    embedding = encoder.query(hidden, nothing.astype(np.float32), nothing.astype(np.int32))
    return [
        msgspec.structs.replace(user.state, hidden=hidden[row], embedding=embedding[row], foretold=foretold[row])
        for row, user in enumerate(users)
    ]


def _foretold(
    users: Sequence[Working], bundle: Bundle, tokens: Sequence[Tokens], before: Sequence[Asked]
) -> list[Foretold]:
    """What the users' states keep of how well they foretold, with the answers from `before` each asked event."""
    foretold = [user.state.foretold for user in users]
    if before:
        entries = [users[row].pending[at] for row, at, _ in before]
        gaps = np.array([tokens[row].gap[at] for row, at, _ in before], np.float32)
        answers = ask(bundle, np.stack([state for _, _, state in before]), gaps, entries)
        for (row, _, _), entry, above in zip(before, entries, answers, strict=True):
            if above is not None:
                foretold[row] = (*foretold[row], (entry.offset, above))
    return foretold


def _stack(users: Sequence[Working], bundle: Bundle) -> NDArray[np.float32]:
    """The users' hidden states (n, H): zero for the new ones."""
    zero = bundle.encoder.zero(1)[0]
    rows = [user.state.hidden if len(user.state.hidden) else zero for user in users]
    return np.stack(rows).astype(np.float32) if rows else bundle.encoder.zero(0)
