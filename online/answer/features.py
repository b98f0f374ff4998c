"""The ranker's features of candidates, as `model.ranker.FEATURES` names them; training may log the same."""

from collections.abc import Mapping, Sequence

import numpy as np

from model.affect import agreement
from model.ranker import FEATURES
from online.answer.catalogue import Floats, Rows
from online.answer.ranked import Sources
from online.answer.scene import Scene


def features(ids: Sequence[str], rows: Rows, found: Sources, scene: Scene) -> Floats:
    """Features (n, F) of these candidates at these rows (n,)."""
    catalogue = scene.catalogue
    places = {item: place for place, item in enumerate(ids)}
    columns = {
        "embedding": np.zeros(len(ids)) if scene.log_probabilities is None else scene.log_probabilities[rows],
        "covisitation": _counts(places, found.get("covisitation", {})),
        "popularity": catalogue.popularity[rows],
        "trending": _counts(places, found.get("trending", {})),
        "context": _counts(places, found.get("context", {})),
        "mood": agreement(catalogue.moods[rows], scene.mood),
        "content": likeness(scene)[rows],
        "fresh": np.isin(rows, catalogue.fresh),
    }
    return np.stack([np.asarray(columns[name], np.float32) for name in FEATURES], axis=1)


def likeness(scene: Scene) -> Floats:
    """How like the recent liked items each row is, (rows,): a cosine, 0 where nothing is known."""
    catalogue = scene.catalogue
    rows = catalogue.rows([item for item, _ in scene.recent])
    weights = np.array([weight for _, weight in scene.recent], np.float32)
    taste = (catalogue.directions[rows] * weights[:, None]).sum(axis=0)
    length = float(np.sqrt((taste * taste).sum()))
    return np.asarray(catalogue.directions @ (taste / max(length, 1e-9)), np.float32)


def _counts(places: Mapping[str, int], counts: Mapping[str, float]) -> Floats:
    column = np.zeros(len(places), np.float32)
    met = [(places[item], times) for item, times in counts.items() if item in places]
    if met:
        at, times = zip(*met, strict=True)
        column[list(at)] = times
    return np.log1p(column)
