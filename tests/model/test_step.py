"""Bytes don't depend on who shares a batch, nor on where a user stands in it."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from model.step import Encoder
from model.tokens import Tokens
from tests.fakes.bundle import random_parameters

ROWS: Final = 30
N: Final = 150


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    # as every process that steps sets it (DESIGN.md, "Once")
    threadpool_limits(1, "blas")


def tokens_of(seed: int, n: int = N) -> Tokens:
    rng = np.random.default_rng(seed)
    return Tokens(
        rng.integers(0, ROWS, n).astype("i4"),
        rng.integers(0, 10, n).astype("i4"),
        rng.uniform(-1, 1, n).astype("f4"),
        rng.integers(0, 13, n).astype("i4"),
        rng.exponential(1e5, n).astype("f4"),
    )


@pytest.mark.parametrize(("hidden", "dim"), [(32, 16), (192, 96), (17, 5)])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), cuts=st.lists(st.integers(1, N - 1), max_size=8))
def test_random_splits_into_batches_give_the_same_bytes(hidden: int, dim: int, seed: int, cuts: list[int]) -> None:
    one = Encoder(random_parameters(hidden, dim, ROWS, seed=5, scale=0.1))
    tokens = tokens_of(seed)
    rng = np.random.default_rng(seed)
    states = rng.normal(0, 1, (N, hidden)).astype("f4")
    stepped = one.step(states, tokens)
    read = one.read(tokens)
    asked = one.query(states, tokens.gap, tokens.mood)
    for part in np.split(rng.permutation(N), sorted(set(cuts))):
        mine = Tokens(*(column[part] for column in tokens))
        assert one.step(states[part], mine).tobytes() == stepped[part].tobytes()
        assert one.go(states[part], read[part]).tobytes() == stepped[part].tobytes()
        assert one.query(states[part], mine.gap, mine.mood).tobytes() == asked[part].tobytes()


def test_a_step_does_not_touch_the_state_it_is_given() -> None:
    one = Encoder(random_parameters(32, 16, ROWS))
    states = one.zero(N)
    one.step(states, tokens_of(1))
    assert not states.any()
