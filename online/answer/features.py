"""The ranker's features of candidates, as `model.ranker.FEATURES` names them; training logs the same."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from model.affect import agreement
from model.ranker import CONTEXT, RANKS
from online.answer.catalogue import Floats, Rows
from online.answer.scene import Scene
from online.answer.tallies import RARELY
from online.learn.impressions import fatigue

_UNSURE: Final = 3.0
"""Events that an item's mean liking is drawn to the usual with."""
_USUAL: Final = 5.0
"""Tenths of a weight."""
_ALIKE: Final = 100.0


def features(names: Sequence[str], numbers: Rows, scene: Scene, candidates: int | None = None) -> Floats:
    """Features (n, F) of these candidates (n,), F names; where only the first so many are, ranks are among those."""
    columns = _columns(numbers, scene, candidates)
    found = np.zeros((len(names), len(numbers)), np.float32)
    for place, name in enumerate(names):
        if not name.startswith(CONTEXT):
            found[place] = columns[name]
        elif (column := name.removeprefix(CONTEXT)) in scene.tallies.contexts:
            found[place] = scene.tallies.lift(column)[numbers]
    return np.ascontiguousarray(found.T)


def _columns(numbers: Rows, scene: Scene, candidates: int | None) -> Mapping[str, Floats | float]:
    counts, catalogue, rows = scene.tallies, scene.catalogue, scene.placed.rows[numbers]
    places = np.full(counts.size, -1, np.int32)
    places[scene.history] = np.arange(len(scene.history))
    place = places[numbers]
    again = place >= 0
    times = np.append(scene.times, 0)[place]
    state, now = scene.view.state, scene.now
    found: dict[str, Floats | float] = {
        "embedding": 0.0 if scene.log_probabilities is None else scene.log_probabilities[numbers],
        "covisited_1": _log(counts.covisited(1, 1.0)[numbers]),
        "covisited_3": _log(counts.covisited(3, 1.0)[numbers]),
        "covisited_10": _log(counts.covisited(10, 0.85)[numbers]),
        "covisited_30": _log(counts.covisited(30, 0.95)[numbers]),
        "covisited_alike": _log(_ALIKE * counts.alike[numbers]),
        "covisited_share": counts.share[numbers],
        "following": _log(counts.following[numbers]),
        "following_share": counts.following_share[numbers],
        "popularity": catalogue.popularity[rows],
        "trending": _log(counts.week[numbers]),
        "today": _log(counts.today[numbers]),
        "now": _log(counts.now[numbers]),
        "taken": _log(counts.taken[numbers]),
        "taken_log": np.log(counts.taken[numbers] + RARELY),
        "in_context": counts.in_context[numbers],
        "liking": (counts.liking[numbers] + _USUAL * _UNSURE) / (10 * (counts.taken[numbers] + _UNSURE)),
        "nth": counts.nth[numbers],
        "unwanted": _log(counts.unwanted[numbers]),
        "mood": agreement(catalogue.moods[rows], scene.mood),
        "content": scene.likeness[numbers],
        "fresh": np.isin(rows, catalogue.fresh).astype(np.float32),
        "again": np.where(again, 1 / (1 + np.maximum(place, 0)), 0).astype(np.float32),
        "again_times": _log(np.where(again, times, 0)),
        "tired": _tired(numbers, scene),
        "history": float(np.log1p(state.count)),
        "gap": float(np.log1p(max(0, now - state.time) / 1000)) if state.count else 0.0,
    }
    return {**found, **{f"{name}_rank": _rank(found[name], len(numbers), candidates) for name in RANKS}}


def _rank(strengths: Floats | float, n: int, candidates: int | None) -> Floats:
    """Minus log1p of how many of the candidates, the first of the n, are stronger."""
    weakness = -np.broadcast_to(np.asarray(strengths, np.float32), n)
    return np.asarray(-np.log1p(np.searchsorted(np.sort(weakness[:candidates]), weakness)), np.float32)


def _tired(numbers: Rows, scene: Scene) -> Floats | float:
    shown = fatigue(scene.view.user.shown, scene.now)
    if not shown:
        return 0.0
    tired = np.zeros(scene.tallies.size, np.float32)
    for item, times in shown.items():
        tired[scene.known([item])] = times
    return _log(tired[numbers])


def _log(counts: Floats) -> Floats:
    return np.asarray(np.log1p(np.maximum(counts, 0)), np.float32)
