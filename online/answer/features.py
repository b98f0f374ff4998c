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
    columns = {
        "embedding": np.zeros(len(ids)) if scene.log_probabilities is None else scene.log_probabilities[rows],
        "covisitation": _counts(ids, found.get("covisitation", {})),
        "popularity": catalogue.popularity[rows],
        "trending": _counts(ids, found.get("trending", {})),
        "context": _counts(ids, found.get("context", {})),
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


def _counts(ids: Sequence[str], counts: Mapping[str, float]) -> Floats:
    return np.log1p(np.fromiter((counts.get(item, 0.0) for item in ids), np.float32, len(ids)))
