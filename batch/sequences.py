"""From a log to what the network trains on: users' sequences, cut into windows and packed into small batches."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.log import Log
from batch.moods import Moods
from contracts.kinds import MOOD_KIND, NOT_TAKEN, REFUSED
from model.index import FIRST, NO_ITEM, UNKNOWN, ItemIndex
from model.tokens import Tokens, padding

WINDOW: Final = 256
"""Events of a window: what a rebuilt state is made from."""
_HEARD: Final = 1000, 0.02
"""Refusals of one kind from which on it's learned what they mean: so many, or this share of the log."""

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
    unheard: frozenset[int] = frozenset()
    """Kinds of refusals of which there are too few to learn from: see `model.step`."""


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
    had: tuple[Ints, Ints, Ints]
    """Three times (M,): this window's user has had this row after so many tokens; of several for a row, the least."""


def sequences_of(
    log: Log, index: ItemIndex, unheard: frozenset[int] | None = None, *, collapsed: bool = False
) -> Sequences:
    """The users' sequences of a log, with what is `unheard` as in the one that it's a part of.

    Where they are to be `collapsed`, what a user takes twice in a row is no target the second time.
    """
    count, code = _coded(log.user)
    order = np.argsort(code, kind="stable")
    code, time = code[order], log.time[order]
    starts = np.searchsorted(code, np.arange(count + 1)).astype(np.int64)
    gap = np.diff(time, prepend=time[:1])
    gap[starts[:-1]] = 0
    item = index.rows(list(log.item))[order]
    kind = log.kind[order]
    weight = log.weight[order]
    if unheard is None:
        enough = min(_HEARD[0], _HEARD[1] * len(kind))
        unheard = frozenset(refused for refused in REFUSED if (kind == refused).sum() < enough)
    untold = np.isin(kind, list(unheard))
    item[(kind == MOOD_KIND) | untold], weight[untold] = NO_ITEM, 0
    seconds = (np.maximum(gap, 0) / 1000).astype(np.float32)
    tokens = Tokens(item, kind, weight, log.mood[order], seconds)
    target = (item >= FIRST) & ~np.isin(kind, list(NOT_TAKEN))
    if collapsed:
        target[1:] &= (item[1:] != item[:-1]) | (code[1:] != code[:-1])
    return Sequences(tokens, target, order, starts, len(index), unheard)


def _coded(users: NDArray[np.object_]) -> tuple[int, Ints]:
    """How many users there are, and the number of each event's (n,) in order of their ids."""
    met: dict[str, int] = {}
    code = np.fromiter((met.setdefault(user, len(met)) for user in users), np.int64, len(users))
    place = np.empty(len(met), np.int64)
    place[[met[user] for user in sorted(met)]] = np.arange(len(met))
    return len(met), place[code]


def batches(
    sequences: Sequences,
    moods: Moods,
    rng: np.random.Generator,
    tokens: int,
    unknown: float,
    since: int = 0,
    replayed: float = 0.0,
) -> tuple[int, Iterator[Batch]]:
    """One epoch: every event once, in windows of at most WINDOW from the zero state, in batches of about `tokens`.

    How many batches, and those, made one by one. `unknown` is the share of tokens whose item is taken as unknown, so
    that the unknown item's vector is learned. Windows that end before place `since` of the log are left out, but for
    some drawn at random: `replayed` times as many as there are of the others.
    """
    windows = _windows(sequences.starts, rng)
    kept = sequences.place[windows[:, 2] - 1] >= since
    if replayed:
        older = np.flatnonzero(~kept)
        kept[rng.choice(older, min(len(older), int(replayed * kept.sum())), replace=False)] = True
    packed = _packed(windows[kept], rng, tokens * 1.25)
    return len(packed), (_batch(sequences, windows, moods, rng, unknown) for windows in packed)


def part_of(batch: Batch, rank: int, size: int) -> Batch:
    """The share of a batch that process `rank` of `size` takes: every `size`th window."""
    length = batch.tokens.item.shape[1] + 1
    window, row, read = batch.had
    own, mine = batch.after // length % size == rank, window % size == rank
    return Batch(
        Tokens(*(column[rank::size] for column in batch.tokens)),
        (batch.after // length // size * length + batch.after % length)[own],
        batch.gap[own],
        batch.mood[own],
        batch.target[own],
        (window[mine] // size, row[mine], read[mine]),
    )


def _windows(starts: Ints, rng: np.random.Generator) -> Ints:
    """(W, 3): first event of the user, start and stop of each window; long histories are cut at random places."""
    begin, end = starts[:-1], starts[1:]
    long = end - begin > WINDOW
    cut = begin + np.where(long, rng.integers(WINDOW // 4, WINDOW + 1, len(begin)), WINDOW)
    windows = [np.stack([begin, begin, np.minimum(cut, end)], axis=1)]
    for first, start, stop in zip(begin[long].tolist(), cut[long].tolist(), end[long].tolist(), strict=True):
        at = np.arange(start, stop, WINDOW)
        windows.append(np.stack([np.full_like(at, first), at, np.minimum(at + WINDOW, stop)], axis=1))
    return np.concatenate(windows)


def _packed(windows: Ints, rng: np.random.Generator, most: float) -> list[Ints]:
    """Windows of like length together, as many as fit into `most` tokens, in random order."""
    lengths = windows[:, 2] - windows[:, 1]
    order = np.argsort(-lengths * rng.uniform(0.9, 1.1, len(lengths)))
    edges, longest, held = [0], 0, 0
    for place, length in enumerate(lengths[order].tolist()):
        longest, held = max(longest, length), held + 1
        if held > 1 and longest * held > most:
            edges.append(place)
            longest, held = length, 1
    groups = [group for group in np.split(windows[order], edges[1:]) if len(group)]
    rng.shuffle(groups)
    return groups


def _batch(sequences: Sequences, windows: Ints, moods: Moods, rng: np.random.Generator, unknown: float) -> Batch:
    """The windows (B, 3) with moods drawn in, and what is to be foretold in them."""
    begin, start, stop = windows.T
    window, at = _ranges(start, stop)
    events = Tokens(*(column[at] for column in sequences.tokens))
    target, since = sequences.target[at], events.gap
    drawn = moods.draw(events.item, rng)
    said = drawn.before > 0
    # a state that is made again begins here too: at zero, with no gap; it foretells nothing yet
    cold = (at == start[window]) & (start > begin)[window]
    target[cold] = said[cold] = False
    since[cold] = 0
    # each event's place in its window, behind the moods that were said
    told = np.cumsum(said)
    opens = np.cumsum(stop - start) - (stop - start)
    place = at - start[window] + told - (told - said)[opens][window]
    tokens = padding(len(windows), int(place.max()) + 1)
    gap = np.where(said, since * np.float32(0.1), since)
    hidden = (rng.random(len(at)) < unknown) & (events.item >= FIRST)
    shown = np.where(hidden, UNKNOWN, events.item)
    for whole, column in zip(tokens, (shown, *events[1:4], gap), strict=True):
        whole[window, place] = column
    spoken = window[said], place[said] - 1
    tokens.kind[spoken], tokens.mood[spoken] = MOOD_KIND, drawn.before[said]
    tokens.gap[spoken] = since[said] * np.float32(0.9)
    asked = np.where(events.mood > 0, events.mood, drawn.asked).astype(np.int32)
    owner, earlier = _ranges(begin, start)
    had = (
        np.concatenate([owner, window]),
        np.concatenate([sequences.tokens.item[earlier], events.item]).astype(np.int64),
        np.concatenate([np.zeros_like(earlier), place + 1]),
    )
    after = window * (tokens.item.shape[1] + 1) + place
    return Batch(tokens, after[target], gap[target], asked[target], events.item[target], had)


def _ranges(starts: Ints, stops: Ints) -> tuple[Ints, Ints]:
    """The numbers of all [start, stop), one range after the other, behind the number of their range."""
    lengths = stops - starts
    owner = np.repeat(np.arange(len(starts)), lengths)
    return owner, np.arange(len(owner)) + (starts - np.cumsum(lengths) + lengths)[owner]
