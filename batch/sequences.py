"""From a log to what the network trains on: users' sequences, cut into windows and packed into small batches."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.log import Log
from batch.moods import Moods
from contracts.kinds import MOOD_KIND, ORDER, UNWANTED
from model.index import FIRST, NO_ITEM, UNKNOWN, ItemIndex
from model.tokens import Tokens, padding

WINDOW: Final = 256
"""Events of a window: what a rebuilt state is made from."""
_NO_TARGETS: Final = (*map(ORDER.index, UNWANTED), MOOD_KIND)

Ints = NDArray[np.int64]


class Sequences(NamedTuple):
    """All users' events, one user after the other, each in the log's order."""

    tokens: Tokens
    """(n,)"""
    target: NDArray[np.bool_]
    """(n,): whether this event is one to be foretold."""
    place: Ints
    """(n,): where the event stands in the log."""
    starts: Ints
    """(users + 1,): user u has the events [starts[u], starts[u + 1])."""
    rows: int
    """Rows of the item vectors."""


class Batch(NamedTuple):
    """B windows of at most T tokens, and N events in them to be foretold."""

    tokens: Tokens
    """(B, T)"""
    after: Ints
    """(N,): the flat place b * (T + 1) + t of the state after t tokens of window b, which foretells the event."""
    gap: NDArray[np.float32]
    mood: NDArray[np.int32]
    target: NDArray[np.int32]
    """(N,): the item's row."""
    first: NDArray[np.int16]
    """(B, rows): after how many tokens the window's user has had the item; WINDOW * 2 if not in this window."""


def sequences_of(log: Log, index: ItemIndex) -> Sequences:
    """The users' sequences of a log."""
    users, code = np.unique(log.user.astype(str), return_inverse=True)
    order = np.argsort(code, kind="stable")
    code, time = code[order], log.time[order]
    starts = np.searchsorted(code, np.arange(len(users) + 1)).astype(np.int64)
    gap = np.diff(time, prepend=time[:1])
    gap[starts[:-1]] = 0
    item = index.rows(list(log.item))[order]
    kind = log.kind[order]
    item[kind == MOOD_KIND] = NO_ITEM
    seconds = (np.maximum(gap, 0) / 1000).astype(np.float32)
    tokens = Tokens(item, kind, log.weight[order], log.mood[order], seconds)
    return Sequences(tokens, (item >= FIRST) & ~np.isin(kind, _NO_TARGETS), order, starts, len(index))


def batches(sequences: Sequences, moods: Moods, rng: np.random.Generator, tokens: int, unknown: float) -> list[Batch]:
    """One epoch: every event once, in windows of at most WINDOW from the zero state, in batches of about `tokens`.

    `unknown` is the share of tokens whose item is taken as unknown, so that the unknown item's vector is learned.
    """
    windows = list(_windows(sequences.starts, rng))
    lengths = np.array([stop - start for _, start, stop in windows]) * rng.uniform(0.9, 1.1, len(windows))
    groups: list[list[tuple[int, int, int]]] = [[]]
    longest = 0
    for place in np.argsort(-lengths):
        window = windows[place]
        longest = max(longest, window[2] - window[1])
        if groups[-1] and longest * (len(groups[-1]) + 1) > tokens * 1.25:
            groups.append([])
            longest = window[2] - window[1]
        groups[-1].append(window)
    rng.shuffle(groups)
    return [_batch(sequences, group, moods, rng, unknown) for group in groups if group]


def _windows(starts: Ints, rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """(first event of the user, start, stop) of each window; long histories are cut at random places."""
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        cut = begin + (int(rng.integers(WINDOW // 4, WINDOW + 1)) if end - begin > WINDOW else WINDOW)
        start = begin
        while start < end:
            yield begin, start, min(cut, end)
            start, cut = cut, cut + WINDOW


def _batch(
    sequences: Sequences, group: list[tuple[int, int, int]], moods: Moods, rng: np.random.Generator, unknown: float
) -> Batch:
    parts = [_window(sequences, *window, moods, rng) for window in group]
    longest = max(len(part.tokens.item) for part in parts)
    tokens = padding(len(parts), longest)
    first = np.full((len(parts), sequences.rows), 2 * WINDOW, np.int16)
    for b, (part, (begin, start, _)) in enumerate(zip(parts, group, strict=True)):
        for whole, column in zip(tokens, part.tokens, strict=True):
            whole[b, : len(column)] = column
        np.minimum.at(first[b], part.tokens.item, np.arange(1, len(part.tokens.item) + 1, dtype=np.int16))
        first[b, sequences.tokens.item[begin:start]] = 0
    hide = rng.random(tokens.item.shape) < unknown
    tokens.item[hide & (tokens.item >= FIRST)] = UNKNOWN
    after = [b * (longest + 1) + part.after for b, part in enumerate(parts)]
    columns = [np.concatenate(column) for column in list(zip(*(part[2:] for part in parts), strict=True))]
    return Batch(tokens, np.concatenate(after), columns[0], columns[1], columns[2], first)


class _Window(NamedTuple):
    tokens: Tokens
    after: Ints
    gap: NDArray[np.float32]
    mood: NDArray[np.int32]
    target: NDArray[np.int32]


def _window(sequences: Sequences, begin: int, start: int, stop: int, moods: Moods, rng: np.random.Generator) -> _Window:
    """One user's events [start, stop) with moods drawn in, and what is to be foretold in it."""
    tokens = Tokens(*(column[start:stop] for column in sequences.tokens))
    drawn = moods.draw(tokens.item, rng)
    target = sequences.target[start:stop].copy()
    said = drawn.before > 0
    since = tokens.gap.copy()
    if start > begin:
        # a state that is made again begins here too: at zero, with no gap; it foretells nothing yet
        target[0] = said[0] = False
        since[0] = 0
    places = np.flatnonzero(said)
    asked = np.where(tokens.mood > 0, tokens.mood, drawn.asked)
    where = np.arange(len(target)) + np.cumsum(said)
    gap = np.where(said, since * np.float32(0.1), since)
    mixed = Tokens(
        np.insert(tokens.item, places, NO_ITEM),
        np.insert(tokens.kind, places, MOOD_KIND),
        np.insert(tokens.weight, places, 0.0),
        np.insert(tokens.mood, places, drawn.before[places]),
        np.insert(gap, places, since[places] * np.float32(0.9)),
    )
    return _Window(mixed, where[target], gap[target], asked[target].astype(np.int32), tokens.item[target])
