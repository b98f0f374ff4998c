"""The ranker, fitted on features as they were at the time: a small network, where it ranks better than a sum."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from batch.holdout import quality
from batch.logged import Requests, Tell, log_requests
from batch.replay import Logged
from model.bundle import Bundle
from model.ranker import CONTEXT, FEATURES, Network, Ranker, default_weights, scaled

FEW: Final = 40
"""Requests below which the default weights stay."""
LEAST: Final = 100
"""Requests from which on something is learned on top of a sum."""
_ASIDE: Final = {"mood": 0.5, "tired": -0.5, "unwanted": -0.3}
"""What logs seldom tell, in every sum."""
SUMS: Final[Mapping[str, Mapping[str, float]]] = {
    "default": {},
    "embedding": {"embedding": 1.0, "again": 1.0, **_ASIDE},
    "popularity": {"popularity": 1.0, "again": 1.0, **_ASIDE},
    "context": {"embedding": 0.1, "taken_log": 1.0, "in_context": 1.0, "nth": 0.5, "again": 1.0, **_ASIDE},
    "here": {"embedding": 0.3, "taken_log": 1.0, "in_context": 1.0, "again": 1.0, **_ASIDE},
    "together": {"embedding": 0.2, "trending": 1.0, "nth": 1.0, CONTEXT: 1.0, "again": 1.0, **_ASIDE},
    "covisitation": {"embedding": 0.2, "covisited_share": 1.0, "covisited_alike": 1.0, "again": 2.0, **_ASIDE},
    "following": {"embedding": 0.3, "following_share": 1.0, "covisited_share": 0.5, "again": 2.0, **_ASIDE},
    "today": {"embedding": 0.3, "today": 1.0, "now": 1.0, "in_context": 1.0, "fresh": 1.0, "again": 1.0, **_ASIDE},
}
"""Sums for data of different kinds."""
_HIDDEN: Final = (48, 24)
_NETWORKS: Final = 2
_EPOCHS: Final = 6
_BATCH: Final = 64
_RATE: Final = 2e-3
_DECAY: Final = 1e-2
_FLAT: Final = 1e-4
"""A spread within requests that is none."""

Floats = NDArray[np.float32]


class Fitted(msgspec.Struct, frozen=True):
    """A ranker in plain lists, and what each way to make one was worth."""

    names: list[str]
    weights: list[float]
    network: dict[str, list] | None = None  # type: ignore[type-arg]
    requests: int = 0
    kind: str = "default"
    """`linear`, `network`, or the base where nothing learned on top of it was better."""
    base: str = "default"
    """One of `SUMS`."""
    ndcg: dict[str, float] = {}
    """NDCG@10 of each kind on the last two fifths, what is learned being learned from what comes before each."""
    sums: dict[str, float] = {}
    """NDCG@10 of each of `SUMS`, on all."""

    def ranker(self) -> Ranker:
        """The ranker itself."""
        network = self.network and Network(**{name: np.array(of, np.float32) for name, of in self.network.items()})
        return Ranker(self.names, np.array(self.weights, np.float32), network or None)

    def metrics(self) -> dict[str, object]:
        """What a bundle's manifest says of it."""
        return {name: getattr(self, name) for name in ("kind", "base", "requests", "ndcg", "sums")}


def default(names: Sequence[str] = FEATURES, requests: int = 0) -> Fitted:
    """What ranks before anything was fitted."""
    return Fitted(list(names), default_weights(names).tolist(), requests=requests)


def fit_ranker(
    bundle: Bundle,
    head: Sequence[Logged],
    tail: Sequence[Logged],
    seed: int = 0,
    *,
    live: bool = True,
    repeats: bool = False,
    tell: Tell = lambda share: None,
) -> Fitted:
    """The ranker for the events that follow `head`, on which the bundle was trained, found on the `tail`."""
    return fitted(log_requests(bundle, head, tail, live=live, repeats=repeats, tell=tell), seed, learn=live)


def fitted(requests: Requests, seed: int = 0, *, learn: bool = True) -> Fitted:
    """The ranker of these requests, which are in the order of time.

    The best of some plain sums is what is learned on top of. That, a better sum and a network are held against one
    another on the last two fifths, one after the other; the best is fitted on all. Unless `learn`, it is the best sum:
    where all requests show the same counts, items could be learned by heart from them.
    """
    if len(requests) < FEW:
        return default(requests.names, len(requests))
    sums = {name: Ranker(requests.names, _weights(requests.names, of)) for name, of in SUMS.items()}
    plain = {name: ndcg(requests, ranker) for name, ranker in sums.items()}
    base = max(plain, key=lambda name: plain[name])
    ways = {"linear": 0, "network": _NETWORKS} if learn and len(requests) >= LEAST else {}
    worth = dict.fromkeys([base, *ways], 0.0)
    for fifth in (3, 4):
        cut, end = len(requests) * fifth // 5, len(requests) * (fifth + 1) // 5
        early, late = requests.part(0, cut), requests.part(cut, end)
        rankers = {base: sums[base], **{way: _ranker(early, sums[base], min(1, n), seed) for way, n in ways.items()}}
        worth = {way: of + ndcg(late, rankers[way]) / 2 for way, of in worth.items()}
    kind = max(worth, key=lambda way: worth[way])
    found = sums[base] if kind == base else _ranker(requests, sums[base], ways[kind], seed)
    network = {name: of.tolist() for name, of in vars(found.network).items()} if found.network else None
    return Fitted(list(found.names), found.weights.tolist(), network, len(requests), kind, base, worth, plain)


def _weights(names: Sequence[str], of: Mapping[str, float]) -> Floats:
    """The default weights where the sum is none of its own, else its own and nothing but them."""
    if not of:
        return default_weights(names)
    return np.array([of.get(CONTEXT if n.startswith(CONTEXT) else n, 0.0) for n in names], np.float32)


def ndcg(requests: Requests, ranker: Ranker) -> float:
    """NDCG@10 of the chosen items among the candidates; ties count against us."""
    scores = ranker.score(requests.features.astype(np.float32))
    own = np.repeat(scores[requests.chosen], np.diff(requests.starts))
    ranks = np.add.reduceat(scores >= own, requests.starts[:-1], dtype=np.int64) - 1
    return quality(ranks).ndcg


def _ranker(requests: Requests, base: Ranker, networks: int, seed: int) -> Ranker:
    """The base, and what is learned on top of it: so little data, or none that tells, leaves it as it is."""
    names, weights = requests.names, base.weights
    mean, scale = _units(requests)
    nets = [_fitted(requests, weights, mean, scale, seed + k, linear=not networks) for k in range(max(1, networks))]
    if not networks:
        gained: Floats = nets[0].linear.weight[0].detach().numpy()
        return Ranker(names, weights + gained * scale)
    return Ranker(names, weights, _joined(nets, mean, scale))


class _Net(nn.Module):
    """One of the networks that `model.ranker.Network` averages."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1, bias=False)
        self.first = nn.Linear(features, _HIDDEN[0])
        self.second = nn.Linear(*_HIDDEN)
        self.last = nn.Linear(_HIDDEN[1], 1, bias=False)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor, linear: bool) -> Tensor:
        """Scores (n,) of features (n, F) in units of their spread."""
        if linear:
            return self.linear(x)[:, 0]  # type: ignore[no-any-return]
        return (self.linear(x) + self.last(torch.relu(self.second(torch.relu(self.first(x))))))[:, 0]  # type: ignore[no-any-return]


def _fitted(requests: Requests, weights: Floats, mean: Floats, scale: Floats, seed: int, *, linear: bool) -> _Net:
    """By the softmax over each request's candidates (ListNet's top one, Z. Cao et al., 2007), AdamW, one cycle."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = _Net(len(mean))
    batches = max(1, len(requests) // _BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_EPOCHS * batches + 1, pct_start=0.1)
    lengths = np.diff(requests.starts)
    for _ in range(_EPOCHS):
        for chosen in np.array_split(rng.permutation(len(requests)), batches):
            size = lengths[chosen]
            inner = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
            rows = np.repeat(requests.starts[chosen], size) + inner
            features = requests.features[rows].astype(np.float32)
            x, base = torch.from_numpy(scaled(features, mean, scale)), torch.from_numpy(features @ weights)
            scores = torch.full((len(chosen), int(size.max())), -1e4)
            of = torch.from_numpy(np.repeat(np.arange(len(chosen)), size)), torch.from_numpy(inner)
            scores = scores.index_put(of, base + net(x, linear))
            target = torch.from_numpy(requests.chosen[chosen] - requests.starts[chosen])
            loss = nn.functional.cross_entropy(scores, target)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return net


def _units(requests: Requests) -> tuple[Floats, Floats]:
    """Mean (F,) and 1 / spread (F,) of each feature, 0 where it is the same for all candidates of all requests."""
    features = requests.features.astype(np.float32)
    spread = features.std(axis=0, dtype=np.float64)
    scale = np.where(spread > _FLAT, 1 / np.maximum(spread, _FLAT), 0)
    return features.mean(axis=0, dtype=np.float64).astype(np.float32), scale.astype(np.float32)


def _joined(nets: Sequence[_Net], mean: Floats, scale: Floats) -> Network:
    def stacked(tensors: Sequence[Tensor]) -> Floats:
        return np.stack([tensor.detach().numpy() for tensor in tensors]).astype(np.float32)

    return Network(
        mean=mean,
        scale=scale,
        linear=stacked([net.linear.weight[0] for net in nets]).mean(axis=0),
        first=stacked([net.first.weight.T for net in nets]),
        first_bias=stacked([net.first.bias for net in nets]),
        second=stacked([net.second.weight.T for net in nets]),
        second_bias=stacked([net.second.bias for net in nets]),
        last=stacked([net.last.weight[0] for net in nets]),
    )
