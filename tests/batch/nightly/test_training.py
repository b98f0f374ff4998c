"""How a candidate is trained, and what of the log it doesn't see."""

from dataclasses import replace

import pytest

from batch.log import of_events
from batch.nightly.terms import Terms
from batch.nightly.training import FINE_TUNE, SCRATCH, cut_of, way
from model.bundle import Watermark
from model.ranker import Ranker
from tests.batch.nightly.world import AFTER, BEFORE
from tests.fakes.bundle import random_bundle

BASE = replace(random_bundle(10), watermark=Watermark(time=BEFORE[-1].time, count=len(BEFORE)))
LOG = of_events([*BEFORE, *AFTER])
FULL = replace(BASE, ranker=Ranker())


@pytest.mark.parametrize(
    ("since", "every", "how"), [(0, 7, FINE_TUNE), (5, 7, FINE_TUNE), (6, 7, SCRATCH), (99, 0, FINE_TUNE)]
)
def test_each_so_many_th_night_is_from_scratch(since: int, every: int, how: str) -> None:
    assert way(FULL, since, Terms(scratch_every=every)).how == how


def test_where_the_ranker_lacks_what_this_code_reads_it_is_from_scratch() -> None:
    older = Ranker(tuple(name for name in FULL.ranker.names if name != "words"))
    found = way(replace(BASE, ranker=older), 0, Terms())
    assert found.how == SCRATCH
    assert "words" in found.why


def test_no_more_than_half_of_what_is_new_is_held_out_and_no_more_than_the_last_days() -> None:
    assert cut_of(LOG, FULL, Terms()) == len(BEFORE) + len(AFTER) // 2
    minutes = 5 / (24 * 60)
    late = int((LOG.time > LOG.time.max() - 5 * 60_000).sum())
    assert cut_of(LOG, FULL, Terms(days=minutes)) == len(LOG.time) - late
    assert cut_of(LOG, FULL, Terms(), 50) == len(LOG.time) - 50
    assert cut_of(LOG, FULL, Terms(), len(LOG.time)) == cut_of(LOG, FULL, Terms())
    learned = replace(FULL, watermark=Watermark(time=int(LOG.time.max()), count=len(LOG.time)))
    assert cut_of(LOG, learned, Terms()) == len(LOG.time)
