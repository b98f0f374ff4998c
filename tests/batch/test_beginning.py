"""Item vectors begin with what was taken beside what."""

import numpy as np
import pytest
import torch

from batch import beginning
from batch.assemble import counts_of
from batch.network import Network
from batch.sequences import Sequences, sequences_of
from model.index import FIRST, ItemIndex
from tests.batch import synthetic

DIM = 8
ITEMS = synthetic.catalogue(rings=3)
INDEX = ItemIndex([*synthetic.ids(ITEMS), "never taken"])


def sequences(users: int = 60) -> Sequences:
    return sequences_of(synthetic.log(users, 20, rings=3), INDEX)


def test_items_that_are_taken_together_begin_together() -> None:
    found = beginning.vectors(sequences(), DIM)
    assert not found[:FIRST].any()
    assert not found[-1].any()
    items = found[FIRST:-1]
    assert np.sqrt((items**2).sum(axis=1)).mean() == pytest.approx(1, abs=0.1)
    units = items / np.sqrt((items**2).sum(axis=1, keepdims=True))
    ring = np.arange(len(items)) // synthetic.RING
    alike, same = units @ units.T, ring[:, None] == ring
    assert alike[same].mean() > alike[~same].mean() + 0.3


def test_they_are_the_same_each_time_and_however_many_threads_there_are() -> None:
    first = beginning.vectors(sequences(), DIM, seed=1)
    torch.set_num_threads(2)
    assert np.array_equal(beginning.vectors(sequences(), DIM, seed=1), first)
    assert not np.array_equal(beginning.vectors(sequences(), DIM, seed=2), first)


def test_what_stands_beside_nothing_stays_as_it_was_drawn() -> None:
    torch.manual_seed(0)
    network = Network([*ITEMS, ITEMS[0]], 16, DIM, counts_of(sequences()))
    drawn = network.ids.detach().clone()
    beginning.begin(network, sequences())
    changed = (network.ids != drawn).any(dim=1).tolist()
    assert changed == [False] * FIRST + [True] * len(ITEMS) + [False]


@pytest.mark.parametrize("users", [0, 1])
def test_of_too_few_items_nothing_is_said(users: int) -> None:
    log = synthetic.log(60, 20, rings=3).part(0, 4 * users)
    assert not beginning.vectors(sequences_of(log, INDEX), DIM).any()
