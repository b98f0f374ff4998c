"""The one table of interaction kinds: complete, bounded, and on the right side of zero."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kinds import MOOD_KIND, ORDER, WEIGHTS, Kind, weight


def test_every_kind_is_weighed_and_has_its_index() -> None:
    assert set(WEIGHTS) == set(get_args(Kind)) == set(ORDER)
    assert len(ORDER) == len(set(ORDER)) == MOOD_KIND


def test_the_order_stays_as_it_is_in_stored_histories_and_bundles() -> None:
    assert ORDER == ("click", "view", "play", "like", "dislike", "skip", "rating", "dwell", "purchase")


@given(st.sampled_from(ORDER), st.none() | st.floats(-1e12, 1e12))
def test_weights_stay_within_one(kind: Kind, value: float | None) -> None:
    assert -1.0 <= weight(kind, value) <= 1.0


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("click", None, 0.5),
        ("click", 5.0, 0.5),
        ("dislike", None, -1.0),
        ("skip", None, -0.5),
        ("purchase", 20.0, 1.0),
        ("rating", None, 0.5),
        ("rating", 0.5, -0.8),
        ("rating", 2.5, 0.0),
        ("rating", 5.0, 1.0),
        ("rating", 500.0, 1.0),
        ("rating", -500.0, -1.0),
        ("dwell", None, 0.3),
        ("dwell", 0.0, 0.0),
        ("dwell", -3.0, 0.0),
        ("dwell", 10.0, 0.5),
    ],
)
def test_what_each_says(kind: Kind, value: float | None, expected: float) -> None:
    assert weight(kind, value) == pytest.approx(expected)


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_more_stars_and_longer_looks_never_say_less(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert weight("rating", less) <= weight("rating", more)
    assert weight("dwell", less) <= weight("dwell", more)
