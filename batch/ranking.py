"""The ranker, fitted on features as they were at the time: a small network, where it ranks better than a sum."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from batch.holdout import quality
from batch.listwise import EPOCHS, LAST_EPOCHS, Units, networks_on, ridge_on, scores, weights_on
from batch.logged import WHOLE, RequestLog, Requests, Share, Tell, log_requests
from batch.plan import Repeats
from batch.replay import Logged
from model.bundle import Bundle
from model.ranker import CONTEXT, FEATURES, Network, Ranker, default_weights

FEW: Final = 40
"""Requests below which the default weights stay."""
LEAST: Final = 300
"""Requests from which on ways to learn are held against one another: what fewer say of that is chance."""
_ASIDE: Final = {"mood": 0.5, "tired": -0.5, "unwanted": -0.3, "refused": -2.0}
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
_NETWORKS: Final = 2
_PASSES: Final = (0.6 + 0.8) * 2 * EPOCHS + _NETWORKS * LAST_EPOCHS
"""How often all requests are learned from: two ways before each of two fifths, then the best way."""
_LOGGING: Final = 0.75
"""The share of the time that goes into logging requests, about; fitting takes the rest."""

Floats = NDArray[np.float32]
Step = Callable[[int], None]


class Fitted(msgspec.Struct, frozen=True):
    """A ranker in plain lists, and what each way to make one was worth."""

    names: list[str]
    weights: list[float]
    network: dict[str, list] | None = None  # type: ignore[type-arg]
    requests: int = 0
    kind: str = "default"
    """`linear`, `network`, `ridge` of few requests, or the base where nothing learned on top of it was better."""
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
    repeats: Repeats = "never",
    share: Share = WHOLE,
    others: Callable[[], Sequence[RequestLog]] = list,
    tell: Tell = lambda done: None,
) -> Fitted:
    """The ranker for the events that follow `head`, on which the bundle was trained, found on the `tail`.

    Where this process logs only a share of the requests, `others` returns what others logged. `tell` takes the part
    done, in [0, 1].
    """
    own = log_requests(
        bundle, head, tail, live=live, repeats=repeats, share=share, tell=lambda done: tell(_LOGGING * done)
    )
    requests = RequestLog.together([own, *others()]).requests()
    return fitted(requests, seed, learn=live, tell=lambda done: tell(_LOGGING + (1 - _LOGGING) * done))


def fitted(requests: Requests, seed: int = 0, *, learn: bool = True, tell: Tell = lambda share: None) -> Fitted:
    """The ranker of these requests, which are in the order of time.

    The best of some plain sums is what is learned on top of. That, a better sum and a network are held against one
    another on the last two fifths, one after the other; the best is fitted on all. Of few requests a fifth tells
    nothing: there it is a sum drawn to the best one. Unless `learn`, it is the best sum: where all requests show the
    same counts, items could be learned by heart from them. A feature that never differed has its default weight: a
    context that nobody was in yet must not count for what the sum gives it.
    """
    if len(requests) < FEW:
        return default(requests.names, len(requests))
    sums = {name: Ranker(requests.names, _weights(requests.names, of)) for name, of in SUMS.items()}
    plain = {name: ndcg(requests, ranker) for name, ranker in sums.items()}
    base = max(plain, key=lambda name: plain[name])
    ways = {"linear": 0, "network": _NETWORKS} if learn and len(requests) >= LEAST else {}
    worth = dict.fromkeys([base, *ways], 0.0)
    step = _Told(tell, round(len(requests) * _PASSES)).more
    for fifth in (3, 4):
        cut, end = len(requests) * fifth // 5, len(requests) * (fifth + 1) // 5
        early, late = requests.part(0, cut), requests.part(cut, end)
        tried = {way: min(1, count) for way, count in ways.items()}
        rankers = {base: sums[base], **_learned(early, sums[base], tried, seed, step, EPOCHS)}
        worth = {way: of + ndcg(late, rankers[way]) / 2 for way, of in worth.items()}
    kind = max(worth, key=lambda way: worth[way])
    if learn and not ways:
        kind, found = "ridge", ridge_on(Units(requests, sums[base]))
    else:
        own = {way: count for way, count in ways.items() if way == kind}
        found = _learned(requests, sums[base], own, seed, step, LAST_EPOCHS).get(kind, sums[base])
    network = {name: of.tolist() for name, of in vars(found.network).items()} if found.network else None
    weights = np.where(_tried(requests), found.weights, default_weights(found.names))
    return Fitted(list(found.names), weights.tolist(), network, len(requests), kind, base, worth, plain)


def _tried(requests: Requests) -> NDArray[np.bool_]:
    """(F,): which features differ anywhere; of the others no request says what they are worth."""
    bits = requests.features.view(np.uint16)
    return np.asarray((bits != bits[:1]).any(axis=0))


def _weights(names: Sequence[str], of: Mapping[str, float]) -> Floats:
    """The default weights where the sum is none of its own, else its own and nothing but them."""
    if not of:
        return default_weights(names)
    return np.array([of.get(CONTEXT if n.startswith(CONTEXT) else n, 0.0) for n in names], np.float32)


def ndcg(requests: Requests, ranker: Ranker) -> float:
    """NDCG@10 of the chosen items among the candidates; ties count against us."""
    found = scores(requests, ranker)
    own = np.repeat(found[requests.chosen], np.diff(requests.starts))
    ranks = np.add.reduceat(found >= own, requests.starts[:-1], dtype=np.int64) - 1
    return quality(ranks).ndcg


def _learned(
    requests: Requests, base: Ranker, networks: Mapping[str, int], seed: int, step: Step, epochs: int
) -> dict[str, Ranker]:
    """What is learned on top of the base in each way, of so many networks or, with none, by a sum."""
    if not networks:
        return {}
    units = Units(requests, base)
    return {
        way: networks_on(units, seed, step, epochs, count) if count else weights_on(units, seed, step, epochs)
        for way, count in networks.items()
    }


class _Told:
    """Says how much is done, as a share of all the requests that are to be learned from."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def more(self, requests: int) -> None:
        self._done += requests
        self._tell(min(1.0, self._done / self._total))
