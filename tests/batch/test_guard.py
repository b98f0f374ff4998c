"""A fine-tune is judged by what is new, and the fewer events say that it is worse, the more must chance be allowed."""

import numpy as np
import pytest

from batch.guard import MOST, held_out, judged
from batch.log import of_events
from batch.sequences import sequences_of
from contracts.events import Interaction
from model.index import ItemIndex

LOG = of_events(Interaction(event_id=str(n), time=n, user_id=f"u{n % 9}", item_id="i") for n in range(20_000))
SEQUENCES = sequences_of(LOG, ItemIndex(["i"]))


@pytest.mark.parametrize(
    ("new", "held"),
    [(0, 0), (1, 1), (2, 1), (30, 15), (199, 100), (200, 100), (400, 100), (4000, 1000), (19_999, MOST)],
)
def test_what_is_held_out_is_new_and_leaves_as_much_of_it_to_learn_from(new: int, held: int) -> None:
    assert held_out(LOG, SEQUENCES, since_ms=19_999 - new) == 20_000 - held


def test_of_many_events_a_mean_below_zero_is_worse() -> None:
    ranks = np.tile([0, 5, 900], 100)
    assert judged(ranks, ranks).taken
    assert judged(ranks, ranks - np.tile([0, 1, 0], 100)).taken
    assert not judged(ranks, ranks + np.tile([0, 0, 1], 100)).taken


def test_of_few_events_it_is_only_worse_beyond_its_standard_error() -> None:
    ranks = np.array([0, 5, 900, 4, 7, 30])
    assert judged(ranks, ranks).taken
    assert judged(ranks, ranks + np.array([0, 1, 0, -1, 2, 3])).taken
    assert not judged(ranks, ranks + np.array([1, 1, 50, 1, 2, 3])).taken


def test_without_any_event_nothing_speaks_for_it() -> None:
    none = np.zeros(0, np.int64)
    assert not judged(none, none).taken
