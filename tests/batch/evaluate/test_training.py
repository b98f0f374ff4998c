"""An evaluation trains as the product does, and keeps what its fair opponent needs."""

import numpy as np

from batch.evaluate.frozen import for_frozen
from batch.evaluate.training import Training
from batch.plan import Plan
from tests.batch.evaluate.logs import noise

PLAN = Plan(hidden=8, dim=8, epochs=1, final_epochs=1, tail=0.2, threads=1)


def test_what_is_held_out_saw_nothing_of_the_end_and_teaches_a_ranker_for_frozen_states() -> None:
    log = noise(1000)
    trained = Training((), PLAN).train(log, lambda progress: None)
    before = trained.held_out
    assert before is not None
    assert (before.watermark.count, before.watermark.time) == (800, log[799].time)
    assert trained.bundle.watermark.count == 1000
    frozen = for_frozen(trained.bundle, before, log, repeats="kept", seed=0)
    np.testing.assert_array_equal(frozen.vectors, trained.bundle.vectors)
    assert frozen.version == trained.bundle.version


def test_a_fine_tune_goes_on_from_the_bundle_over_the_items_met_so_far() -> None:
    log = noise(1000)
    training = Training((), PLAN)
    bundle = training.train(log[:900], lambda progress: None).bundle
    later = training.retrain(bundle, log)
    assert later.watermark.count == 1000
    assert later.version != bundle.version
