"""The ranker's features of candidates, as `model.ranker.FEATURES` names them; training logs the same."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.affect import agreement
from model.ranker import CONTEXT, RANKS
from online.answer.catalogue import Floats, Rows
from online.answer.scene import Scene
from online.answer.tallies import RARELY
from online.learn.impressions import fatigue

Places = NDArray[np.intp]
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


def _columns(numbers: Places, scene: Scene, candidates: int | None) -> Mapping[str, Floats | float]:
    counts, catalogue, rows = scene.tallies, scene.catalogue, scene.placed.rows[numbers]
    places = np.full(counts.size, -1, np.int32)
    places[scene.history] = np.arange(len(scene.history))
    times = np.zeros(counts.size)
    times[scene.history] = scene.times
    place = places[numbers]
    again = place >= 0
    taken = counts.taken[numbers]
    state, now = scene.view.state, scene.now
    found: dict[str, Floats | float] = {
        "embedding": 0.0 if scene.log_probabilities is None else scene.log_probabilities[numbers],
        **_logs(
            {
                "covisited_1": counts.covisited(1, 1.0)[numbers],
                "covisited_3": counts.covisited(3, 1.0)[numbers],
                "covisited_10": counts.covisited(10, 0.85)[numbers],
                "covisited_30": counts.covisited(30, 0.95)[numbers],
                "covisited_alike": _ALIKE * counts.alike[numbers],
                "following": counts.following[numbers],
                "trending": counts.week[numbers],
                "today": counts.today[numbers],
                "now": counts.now[numbers],
                "taken": taken,
                "unwanted": counts.unwanted[numbers],
                "tired": _tired(numbers, scene),
            }
        ),
        "covisited_share": counts.share[numbers],
        "following_share": counts.following_share[numbers],
        "popularity": catalogue.popularity[rows],
        "taken_log": np.log(taken + RARELY),
        "in_context": counts.in_context[numbers],
        "liking": (counts.liking[numbers] + _USUAL * _UNSURE) / (10 * (taken + _UNSURE)),
        "nth": counts.nth[numbers],
        "mood": agreement(catalogue.moods[rows], scene.mood) if scene.mood else 0.0,
        "content": scene.likeness[numbers],
        "fresh": np.isin(rows, catalogue.fresh).astype(np.float32) if len(catalogue.fresh) else 0.0,
        "again": np.where(again, 1 / (1 + np.maximum(place, 0)), 0).astype(np.float32),
        "again_times": np.log1p(times[numbers]),
        "history": float(np.log1p(state.count)),
        "gap": float(np.log1p(max(0, now - state.time) / 1000)) if state.count else 0.0,
    }
    return {**found, **_ranks(found, len(numbers), candidates)}


def _logs(counts: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """log1p of each column (n,), of all at once."""
    logs = np.stack(list(counts.values()))
    np.log1p(np.maximum(logs, 0, out=logs), out=logs)
    return dict(zip(counts, logs, strict=True))


def _ranks(columns: Mapping[str, Floats | float], n: int, candidates: int | None) -> Mapping[str, Floats]:
    """Minus log1p of how many of the candidates, the first of the n, are stronger: in each column that is ranked."""
    weakness = np.empty((len(RANKS), n), np.float32)
    for place, name in enumerate(RANKS):
        weakness[place] = columns[name]
    np.negative(weakness, out=weakness)
    falls, among = _falls(n), np.sort(weakness[:, :candidates])
    ranked = zip(RANKS, among, weakness, strict=True)
    return {f"{name}_rank": falls[stronger.searchsorted(own)] for name, stronger, own in ranked}


@lru_cache(maxsize=1024)
def _falls(n: int) -> Floats:
    """Minus log1p of 0 to n."""
    return np.asarray(-np.log1p(np.arange(n + 1)), np.float32)


def _tired(numbers: Places, scene: Scene) -> Floats:
    tired = np.zeros(scene.tallies.size, np.float32)
    for item, times in fatigue(scene.view.user.shown, scene.now).items():
        tired[scene.known([item])] = times
    return tired[numbers]
