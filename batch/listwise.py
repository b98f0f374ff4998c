"""What is learned on top of a sum from logged requests: other weights, or a small network over all features."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from batch.logged import Requests
from model.ranker import Network, Ranker, scaled

EPOCHS: Final = 6
"""Of a way that is tried."""
LAST_EPOCHS: Final = 12
"""Of the way that was best."""
_SHARE: Final = 0.5
"""Of the candidates that weren't chosen, drawn anew each time: all of them would take 1.5 times as long."""
_HIDDEN: Final = (48, 24)
_BATCH: Final = 64
_RATE: Final = 2e-3
_DECAY: Final = 1e-2
_DROPOUT: Final = 0.3
"""Of the first layer's units, drawn once a batch: drawn for each candidate it would double the time."""
_RIDGE: Final = 50.0
"""Of the squared weights in units of their spread, beside the log-loss of all requests."""
_RIDGE_STEPS: Final = 60
_FLAT: Final = 1e-4
"""A spread within requests that is none."""
_CHUNK: Final = 65_536
"""Candidates whose features are floats at once: all of them would be gigabytes."""

Floats = NDArray[np.float32]


class Units:
    """Requests with the unit of each feature and the sum that is the base, for whatever is fitted on them."""

    def __init__(self, requests: Requests, base: Ranker) -> None:
        self.requests = requests
        self.base = base
        self.mean, self.scale = _units(requests)
        self._sums = torch.from_numpy(scores(requests, base))
        self._features = torch.from_numpy(requests.features)
        self._lengths = np.diff(requests.starts)

    def loss(
        self,
        chosen: NDArray[np.int64],
        score: Callable[[Tensor, Tensor], Tensor],
        rng: np.random.Generator | None = None,
    ) -> Tensor:
        """Of these requests: the softmax over each one's candidates (ListNet's top one, Z. Cao et al., 2007).

        `score` makes scores (n,) of features (n, F) in units of their spread and of the base's sums (n,). By `rng` a
        share of the candidates is drawn, and counts for all of them.
        """
        size = self._lengths[chosen]
        target = self.requests.chosen[chosen] - self.requests.starts[chosen]
        of = np.repeat(np.arange(len(chosen)), size)
        place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        if rng:
            drawn = (place == target[of]) | (rng.random(len(of)) < _SHARE)
            of, place = of[drawn], place[drawn]
        rows = torch.from_numpy(self.requests.starts[chosen][of] + place)
        features = self._features.index_select(0, rows).float().numpy()
        x = torch.from_numpy(scaled(features, self.mean, self.scale))
        padded = torch.full((len(chosen), int(size.max())), -1e4)
        padded = padded.index_put((torch.from_numpy(of), torch.from_numpy(place)), score(x, self._sums[rows]))
        wanted = torch.from_numpy(target)
        if rng:
            padded = padded.scatter_add(1, wanted[:, None], torch.full((len(chosen), 1), math.log(_SHARE)))
        return nn.functional.cross_entropy(padded, wanted)


def scores(requests: Requests, ranker: Ranker) -> Floats:
    """The scores (N,) of all candidates."""
    found = [ranker.score(part.numpy()) for part in _parts(requests, torch.float32)]
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def weights_on(units: Units, seed: int, step: Callable[[int], None], epochs: int) -> Ranker:
    """The base with other weights; `step` takes how many requests were learned from, after each pass over them."""
    net = _fitted(units, seed, step, epochs, linear=True)
    gained: Floats = net.linear.weight[0].detach().numpy()
    return Ranker(units.base.names, units.base.weights + gained * units.scale)


def ridge_on(units: Units) -> Ranker:
    """The likeliest weights, drawn to the base's, which are first made as large as is likeliest.

    It's what some hundred requests can tell: how much a plain sum overstates, and where it errs most.
    """
    factor = _likeliest(units, torch.ones(1), 0.0, lambda x, sums, factor: factor * sums)
    start = torch.zeros(len(units.mean))
    gained = _likeliest(units, start, _RIDGE, lambda x, sums, gained: factor * sums + x @ gained)
    return Ranker(units.base.names, units.base.weights * factor.numpy() + gained.numpy() * units.scale)


def _likeliest(units: Units, start: Tensor, ridge: float, score: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """What scores all requests best, less its own square, by L-BFGS."""
    found = start.requires_grad_()
    everything = np.arange(len(units.requests))
    optimizer = torch.optim.LBFGS([found], max_iter=_RIDGE_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = units.loss(everything, lambda x, sums: score(x, sums, found))
        loss = loss + ridge / len(everything) / 2 * found.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return found.detach()


def networks_on(units: Units, seed: int, step: Callable[[int], None], epochs: int, count: int) -> Ranker:
    """The base and so many networks on top of it, which are averaged."""
    nets = [_fitted(units, seed + k, step, epochs, linear=False) for k in range(count)]
    return Ranker(units.base.names, units.base.weights, _joined(nets, units.mean, units.scale))


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
        hidden = torch.relu(self.first(x))
        hidden = hidden * ((torch.rand(_HIDDEN[0]) >= _DROPOUT) / (1 - _DROPOUT))
        return (self.linear(x) + self.last(torch.relu(self.second(hidden))))[:, 0]  # type: ignore[no-any-return]


def _fitted(units: Units, seed: int, step: Callable[[int], None], epochs: int, *, linear: bool) -> _Net:
    """By AdamW, one cycle."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = _Net(len(units.mean))
    count = len(units.requests)
    batches = max(1, count // _BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=epochs * batches + 1, pct_start=0.1)
    for _ in range(epochs):
        for chosen in np.array_split(rng.permutation(count), batches):
            loss = units.loss(chosen, lambda x, sums: sums + net(x, linear), rng)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        step(count)
    return net


def _parts(requests: Requests, dtype: torch.dtype) -> Iterator[Tensor]:
    """All features (n, F), a chunk after the other."""
    features = torch.from_numpy(requests.features)
    return (features[start : start + _CHUNK].to(dtype) for start in range(0, len(features), _CHUNK))


def _units(requests: Requests) -> tuple[Floats, Floats]:
    """Mean (F,) and 1 / spread (F,) of each feature, 0 where it is the same for all candidates of all requests."""
    rows, features = requests.features.shape
    mean, square = torch.zeros(features, dtype=torch.float64), torch.zeros(features, dtype=torch.float64)
    for part in _parts(requests, torch.float64):
        mean += part.sum(dim=0) / rows
    for part in _parts(requests, torch.float64):
        square += (part - mean).square().sum(dim=0) / rows
    spread = square.sqrt().numpy()
    scale = np.where(spread > _FLAT, 1 / np.maximum(spread, _FLAT), 0)
    return mean.numpy().astype(np.float32), scale.astype(np.float32)


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
