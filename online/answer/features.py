"""The ranker's features of candidates, as `model.ranker.FEATURES` names them; training logs the same."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.affect import agreement
from model.ranker import CONTEXT, RANKS
from model.traits import GROUPS
from online.answer.catalogue import Floats, Rows
from online.answer.scene import Scene
from online.learn.impressions import fatigue

Places = NDArray[np.intp]
Column = NDArray[np.floating[Any] | np.bool_] | float
"""(n,), or the same for all."""
_UNSURE: Final = 3.0
"""Events that an item's mean liking is drawn to the usual with."""
_USUAL: Final = 5.0
"""Tenths of a weight."""
_ALIKE: Final = 100.0


def features(names: Sequence[str], numbers: Rows, scene: Scene, candidates: int | None = None) -> Floats:
    """Features (n, F) of these candidates (n,), F names; where only the first so many are, ranks are among those."""
    places = numbers.astype(np.intp)  # numpy would do it at each indexing
    columns = _columns(places, scene, candidates)
    found = np.zeros((len(names), len(numbers)), np.float32)
    for place, name in enumerate(names):
        if not name.startswith(CONTEXT):
            found[place] = columns[name]
        elif (column := name.removeprefix(CONTEXT)) in scene.tallies.contexts:
            found[place] = scene.tallies.lift(column)[places]
    return np.ascontiguousarray(found.T)


def _columns(numbers: Places, scene: Scene, candidates: int | None) -> Mapping[str, Column]:
    counts, catalogue, rows = scene.tallies, scene.catalogue, scene.placed.rows[numbers]
    again, times = np.zeros(counts.size), np.zeros(counts.size)
    again[scene.history] = 1 / np.arange(1, len(scene.history) + 1)
    times[scene.history] = scene.times
    taken = counts.usual.taken[numbers]
    state, now = scene.view.state, scene.now
    found: dict[str, Column] = {
        "embedding": 0.0 if scene.log_probabilities is None else scene.log_probabilities[numbers],
        **_logs(
            {
                "covisited_1": counts.covisited(1, 1.0)[numbers],
                "covisited_3": counts.covisited(3, 1.0)[numbers],
                "covisited_10": counts.covisited(10, 0.85)[numbers],
                "covisited_30": counts.covisited(30, 0.95)[numbers],
                "covisited_alike": _ALIKE * counts.alike[numbers],
                "following": counts.following[numbers],
                "trending": counts.usual.week[numbers],
                "today": counts.usual.today[numbers],
                "now": counts.usual.now[numbers],
                "taken": taken,
                "unwanted": counts.unwanted[numbers],
                "tired": _tired(numbers, scene),
            }
        ),
        "covisited_share": counts.share[numbers],
        "following_share": counts.following_share[numbers],
        "popularity": catalogue.popularity[rows],
        "taken_log": counts.usual.taken_log[numbers],
        "in_context": counts.in_context[numbers],
        "liking": (counts.usual.liking[numbers] + _USUAL * _UNSURE) / (10 * (taken + _UNSURE)),
        "nth": counts.nth[numbers],
        "mood": agreement(catalogue.moods[rows], scene.mood) if scene.mood else 0.0,
        "content": scene.likeness[numbers],
        **dict(zip(GROUPS, catalogue.traits.lifts(scene.placed.rows[scene.taken], rows), strict=True)),
        "refused": 0.0 if scene.refused is None else scene.refused[numbers],
        "fresh": catalogue.is_fresh[rows],
        "again": again[numbers],
        "again_times": np.log1p(times[numbers]),
        "history": float(np.log1p(state.count)),
        "gap": float(np.log1p(max(0, now - state.time) / 1000)) if state.count else 0.0,
    }
    return {**found, **_ranks(found, len(numbers), candidates)}


def _logs(counts: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """log1p of each column (n,), of all at once."""
    logs = np.concatenate(list(counts.values())).reshape(len(counts), -1)
    np.log1p(np.maximum(logs, 0, out=logs), out=logs)
    return dict(zip(counts, logs, strict=True))


def _ranks(columns: Mapping[str, Column], n: int, candidates: int | None) -> Mapping[str, Floats]:
    """Minus log1p of how many of the candidates, the first of the n, are stronger: in each column that is ranked."""
    weakness = np.empty((len(RANKS), n), np.float32)
    for place, name in enumerate(RANKS):
        weakness[place] = columns[name]
    np.negative(weakness, out=weakness)
    found, falls = np.empty_like(weakness), _falls(n.bit_length())
    among, orders = np.sort(weakness[:, :candidates]), weakness.argsort()
    for into, own, stronger, order in zip(found, weakness, among, orders, strict=True):
        into[order] = falls[stronger.searchsorted(own[order])]  # several times as fast where they come in order
    return {f"{name}_rank": ranks for name, ranks in zip(RANKS, found, strict=True)}


@lru_cache
def _falls(bits: int) -> Floats:
    """Minus log1p of each number of so many bits."""
    return np.asarray(-np.log1p(np.arange(1 << bits)), np.float32)


def _tired(numbers: Places, scene: Scene) -> Floats:
    shown = fatigue(scene.view.user.shown, scene.now)
    if not shown:
        return np.zeros(len(numbers), np.float32)
    return np.array([shown.get(item, 0.0) for item in scene.numbers.ids[numbers].tolist()], np.float32)
