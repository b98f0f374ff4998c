"""What is made up has the shape that it claims."""

from collections import Counter

import numpy as np
import pytest

from batch.plan import DEFAULT
from benchmarks.made_up import SHAPE, clustered_bundle, made_catalogue, made_log, points, shape_of
from model.bundle import pack, unpack
from model.index import FIRST


def test_users_and_items_are_as_unequal_as_those_of_movielens() -> None:
    log = made_log([str(n) for n in range(3706)], 6040, 60_000)
    users, items = (Counter(one).most_common() for one in ((e.user_id for e in log), (e.item_id for e in log)))
    assert 0.07 < sum(times for _, times in users[:60]) / len(log) < 0.14
    assert 0.35 < sum(times for _, times in items[:370]) / len(log) < 0.55
    assert [event.time for event in log] == sorted(event.time for event in log)


def test_vectors_lie_around_tastes() -> None:
    few = points(2000, 96, 0)
    spread = np.linalg.svd(few - few.mean(0), compute_uv=False) ** 2
    assert spread[:16].sum() / spread.sum() > 0.5


def test_vectors_lie_as_trained_ones_do() -> None:
    assert shape_of(points(3883, 96, 0))._asdict() == pytest.approx(SHAPE._asdict(), rel=0.15)


def test_the_bundle_has_the_default_size_and_can_be_published() -> None:
    bundle = clustered_bundle(made_catalogue(50))
    assert bundle.vectors.shape == (50 + FIRST, DEFAULT.dim)
    assert bundle.encoder.hidden_size == DEFAULT.hidden
    assert unpack(pack(bundle)).catalogue == bundle.catalogue
