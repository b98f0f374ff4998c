"""How well a frozen encoder foretells the end of a log: each event's rank among all items its user has not had."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from batch.network import Network
from batch.sequences import Sequences
from model import encoder
from model.index import FIRST
from model.scoring import NEVER
from model.tokens import Tokens, padding

_USERS = 64
_SCORES = 20_000_000
"""Scores held at once."""


class Quality(NamedTuple):
    """Means over the events."""

    hit_rate: float
    """HR@10"""
    ndcg: float
    """NDCG@10, of one relevant item."""
    events: int


def quality(ranks: NDArray[np.int64]) -> Quality:
    """HR@10 and NDCG@10 of ranks that begin at 0."""
    hits = ranks < 10
    gain = np.where(hits, 1 / np.log2(ranks + 2.0), 0.0)
    return Quality(float(hits.mean()) if len(ranks) else 0.0, float(gain.mean()) if len(ranks) else 0.0, len(ranks))


@torch.inference_mode()
def ranks(
    network: Network,
    sequences: Sequences,
    since: int,
    most: int = 400,
    *,
    repeats: bool = False,
    enough: int | None = None,
) -> NDArray[np.int64]:
    """The ranks of the events at place `since` of the log and later, at most `most` a user; states run on, live.

    With `repeats` among all items, those that the user has had included. With `enough`, of no more users than are
    needed for so many events, drawn at random but always the same.
    """
    network.eval()
    parameters = network.parameters_with(network.vectors())
    users = np.flatnonzero(np.maximum.reduceat(sequences.place, sequences.starts[:-1]) >= since)
    if enough is not None:
        users = _drawn(sequences, users, since, most, enough)
    lengths = sequences.starts[users + 1] - sequences.starts[users]
    users = users[np.argsort(lengths, kind="stable")]
    found = [
        _ranks(network, parameters, sequences, users[start : start + _USERS].tolist(), since, most, repeats)
        for start in range(0, len(users), _USERS)
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _drawn(sequences: Sequences, users: NDArray[np.int64], since: int, most: int, enough: int) -> NDArray[np.int64]:
    """Of these users, the first in a random order who have enough events together."""
    wanted = sequences.target & (sequences.place >= since)
    events = np.minimum(np.add.reduceat(wanted, sequences.starts[:-1], dtype=np.int64), most)
    users = np.random.default_rng(0).permutation(users)
    return users[: int(np.searchsorted(np.cumsum(events[users]), enough)) + 1]


def _ranks(
    network: Network,
    parameters: dict[str, torch.Tensor],
    sequences: Sequences,
    users: list[int],
    since: int,
    most: int,
    repeats: bool,
) -> NDArray[np.int64]:
    device = network.ids.device
    spans = [slice(int(sequences.starts[user]), int(sequences.starts[user + 1])) for user in users]
    tokens = padding(len(users), max(span.stop - span.start for span in spans))
    for b, span in enumerate(spans):
        for whole, column in zip(tokens, sequences.tokens, strict=True):
            whole[b, : span.stop - span.start] = column[span]
    tensors = Tokens(*(torch.from_numpy(column).to(device) for column in tokens))
    states = network.states(parameters, tensors)
    asked = [np.flatnonzero((sequences.place[span] >= since) & sequences.target[span])[:most] for span in spans]
    found = [np.zeros(0, np.int64)]
    vectors, bias = parameters["vectors"].T, network.bias.clone()
    bias[:FIRST] = float(NEVER)
    for run in _runs([len(one) for one in asked], max(1, _SCORES // sequences.rows)):
        user = torch.from_numpy(np.repeat(run, [len(asked[b]) for b in run])).to(device)
        at = torch.from_numpy(np.concatenate([asked[b] for b in run])).to(device)
        queries = encoder.query(parameters, states[user, at], tensors.gap[user, at], tensors.mood[user, at])
        scores = queries @ vectors + bias
        own = scores.gather(1, tensors.item[user, at].long()[:, None])
        higher = (scores > own).sum(dim=1).cpu().numpy()
        if not repeats:
            stops = np.cumsum([len(asked[b]) for b in run])
            for b, start, stop in zip(run, [0, *stops[:-1]], stops, strict=True):
                items, first = np.unique(sequences.tokens.item[spans[b]], return_index=True)
                above = (scores[start:stop, torch.from_numpy(items).to(device)] > own[start:stop]).cpu().numpy()
                higher[start:stop] -= (above & (first[None, :] < asked[b][:, None])).sum(axis=1)
        found.append(higher)
    return np.concatenate(found)


def _runs(events: list[int], most: int) -> list[list[int]]:
    """Users one after the other, in runs of at most so many events, or of one user."""
    runs: list[list[int]] = [[]]
    held = 0
    for user, count in enumerate(events):
        if runs[-1] and held + count > most:
            runs.append([])
            held = 0
        if count:
            runs[-1].append(user)
            held += count
    return [run for run in runs if run]
