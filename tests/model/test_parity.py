"""One log gives the same embedding event by event and as a whole, in numpy and in torch."""

from typing import Final

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model import encoder
from model.step import Encoder, Floats
from model.tokens import Tokens
from tests.fakes.bundle import random_parameters
from tests.model.strategies import logs

ROWS: Final = 40
TOLERANCE: Final = 1e-5
PARAMETERS: Final = random_parameters(hidden=24, dim=12, rows=ROWS, seed=1, scale=0.2)
TENSORS: Final = {name: torch.from_numpy(value) for name, value in PARAMETERS.items()}


def stepped(tokens: Tokens, one: Encoder) -> Floats:
    """The states (B, T, H) by one step after the other."""
    users, events = tokens.item.shape
    hidden = one.zero(users)
    states = np.zeros((users, events, one.hidden_size), np.float32)
    for place in range(events):
        hidden = one.step(hidden, Tokens(*(column[:, place] for column in tokens)))
        states[:, place] = hidden
    return states


@settings(max_examples=40, deadline=None)
@given(logs(ROWS))
def test_steps_equal_the_sequence(tokens: Tokens) -> None:
    whole = encoder.sequence(PARAMETERS, tokens)
    assert whole.shape == (*tokens.item.shape, 24)
    np.testing.assert_allclose(stepped(tokens, Encoder(PARAMETERS)), whole, atol=TOLERANCE, rtol=0)


@settings(max_examples=20, deadline=None)
@given(logs(ROWS))
def test_torch_equals_numpy(tokens: Tokens) -> None:
    tensors = Tokens(*(torch.from_numpy(column) for column in tokens))
    whole = encoder.sequence(TENSORS, tensors)
    np.testing.assert_allclose(stepped(tokens, Encoder(PARAMETERS)), whole.numpy(), atol=TOLERANCE, rtol=0)


@settings(max_examples=20, deadline=None)
@given(logs(ROWS, most_events=20), st.integers(0, 12), st.floats(0, 1e8, width=32))
def test_queries_of_torch_equal_those_of_numpy(tokens: Tokens, mood: int, gap: float) -> None:
    one = Encoder(PARAMETERS)
    users = len(tokens.item)
    hidden = stepped(tokens, one)[:, -1] if tokens.item.shape[1] else one.zero(users)
    gaps, moods = np.full(users, gap, np.float32), np.full(users, mood, np.int32)
    asked = encoder.query(TENSORS, *(torch.from_numpy(part) for part in (hidden, gaps, moods)))
    np.testing.assert_allclose(one.query(hidden, gaps, moods), asked.numpy(), atol=TOLERANCE, rtol=0)


def test_a_long_log_at_the_size_that_is_trained_stays_within_the_tolerance() -> None:
    parameters = random_parameters(hidden=192, dim=96, rows=ROWS, seed=2, scale=0.07)
    rng = np.random.default_rng(3)
    shape = (3, 256)
    tokens = Tokens(
        rng.integers(0, ROWS, shape).astype("i4"),
        rng.integers(0, 10, shape).astype("i4"),
        rng.uniform(-1, 1, shape).astype("f4"),
        rng.integers(0, 13, shape).astype("i4"),
        rng.exponential(1e4, shape).astype("f4"),
    )
    tensors = {name: torch.from_numpy(value) for name, value in parameters.items()}
    whole = encoder.sequence(tensors, Tokens(*(torch.from_numpy(column) for column in tokens))).numpy()
    one = Encoder(parameters)
    states = stepped(tokens, one)
    np.testing.assert_allclose(states, whole, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(states, encoder.sequence(parameters, tokens), atol=TOLERANCE, rtol=0)


def test_a_user_without_events_is_at_zero_and_can_be_asked_for() -> None:
    one = Encoder(PARAMETERS)
    asked = one.query(one.zero(1), np.zeros(1, np.float32), np.zeros(1, np.int32))
    assert np.isfinite(asked).all()
    assert one.step(one.zero(0), Tokens(*(column[:0] for column in blank(1)))).shape == (0, 24)


def blank(n: int) -> Tokens:
    """n tokens of nothing."""
    zero = np.zeros(n, np.int32)
    return Tokens(zero, zero, np.zeros(n, np.float32), zero, np.zeros(n, np.float32))
