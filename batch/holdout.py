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
    found = []
    for b, span in enumerate(spans):
        wanted = np.flatnonzero((sequences.place[span] >= since) & sequences.target[span])[:most]
        if not len(wanted):
            continue
        at = torch.from_numpy(wanted)
        query = encoder.query(parameters, states[b, at], tensors.gap[b, at], tensors.mood[b, at])
        scores = query @ parameters["vectors"].T + network.bias
        items = sequences.tokens.item[span]
        first = np.full(sequences.rows, len(items) + 1)
        if not repeats:
            np.minimum.at(first, items, np.arange(1, len(items) + 1))
        target = torch.from_numpy(items[wanted]).long()
        own = scores[torch.arange(len(at)), target]
        scores[torch.from_numpy(first[None, :] <= wanted[:, None])] = float(NEVER)
        scores[:, :FIRST] = float(NEVER)
        found.append(((scores > own[:, None]).sum(dim=1)).cpu().numpy())
    return np.concatenate(found) if found else np.zeros(0, np.int64)
