"""The slow baselines, made small: they score everything, learn the rings, and cut histories whole."""

import numpy as np
import pytest

from batch.baselines.baseline import Items
from batch.baselines.live import Live
from batch.baselines.river_fm import RiverFm
from batch.baselines.sasrec import LENGTH, SasRec, _stretches
from tests.batch import synthetic
from tests.batch.baselines.logs import event


class SmallSasRec(SasRec):
    width = 16
    epochs = 8
    rate = 1e-2


@pytest.mark.parametrize("make", [SmallSasRec, RiverFm])
def test_a_slow_baseline_learns_what_goes_together_and_scores_new_items(make: type[Live]) -> None:
    head = synthetic.events(users=40, steps=16)
    items, baseline = Items(e.item_id for e in head), make()
    baseline.fit(head, items)
    baseline.learn(event(10**9, "new", "r0i3"))
    baseline.learn(event(10**9 + 1, "new", "r0i4"))
    baseline.learn(event(10**9 + 2, "other", "unheard of"))
    found = baseline.scores("new", 10**12, None)
    assert found.shape == (len(items),)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    own, other = ([found[items.row(f"r{ring}i{place}")] for place in (0, 1, 2, 5, 6, 7)] for ring in (0, 1))
    assert np.mean(own) > np.mean(other)
    assert np.array_equal(found, baseline.scores("new", 10**12, None))


@pytest.mark.parametrize("length", [2, 3, LENGTH, LENGTH + 1, LENGTH + 2, 2 * LENGTH, 3 * LENGTH + 7])
def test_stretches_foretell_each_event_but_the_first_once(length: int) -> None:
    rows = np.arange(length)
    for offset in (0, 1, LENGTH - 1):
        stretches = _stretches(rows, offset)
        assert np.concatenate([one[1:] for one in stretches]).tolist() == list(range(2, length + 1))
        assert max(len(one) for one in stretches) <= LENGTH + 1
