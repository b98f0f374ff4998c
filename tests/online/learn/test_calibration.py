"""Calibrators learn the curve that outcomes follow, in any cut, and are combined and read as one."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online.learn.calibration import ENOUGH, Calibration, unpack_fitted
from online.learn.calibrator import lesson
from online.store.impressions import Outcomes, float32

TRUE = Calibration(always=-2.0, score=0.6, place=-0.7)


def pages(seed: int, n: int, truth: Calibration = TRUE) -> list[Outcomes]:
    """Pages of ten, of scores around 1, taken as this curve says."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n):
        scores = [float32(score) for score in np.sort(rng.normal(1, 2, 10))[::-1]]
        taken = rng.random(10) < truth.probability(scores, np.arange(10))
        found.append(Outcomes(number, list(range(10)), scores, taken.tolist()))
    return found


def learned(state: bytes, outcomes: Sequence[Outcomes]) -> bytes:
    return lesson(state, outcomes).state


def calibration(*calibrators: bytes) -> Calibration:
    found = Calibration.of(calibrators)
    assert found is not None
    return found


def test_it_comes_to_the_curve_that_the_outcomes_follow() -> None:
    found = calibration(learned(b"", pages(0, 4000)))
    scores, places = np.repeat(np.linspace(-2, 4, 7), 10), np.tile(np.arange(10), 7)
    wrong = np.abs(found.probability(scores, places) - TRUE.probability(scores, places))
    assert wrong.max() < 0.08
    assert wrong.mean() < 0.02


def test_it_follows_a_bundle_whose_scores_are_others() -> None:
    other = Calibration(always=-4.0, score=0.2, place=-0.7)
    state = learned(learned(b"", pages(0, 5000)), pages(1, 500, other))
    assert calibration(state).probability([1.0])[0] == pytest.approx(other.probability([1.0])[0], abs=0.03)


def test_a_better_score_is_never_less_likely_whatever_is_taken() -> None:
    upside_down = Calibration(always=0.0, score=-1.0, place=0.0)
    found = calibration(learned(b"", pages(2, 300, upside_down)))
    assert found.score == 0.0
    assert (np.diff(TRUE.probability(np.linspace(-5, 5, 11))) > 0).all()


@given(st.integers(0, 99), st.sets(st.integers(1, 29)))
def test_the_bytes_do_not_depend_on_how_the_outcomes_were_cut(seed: int, cuts: set[int]) -> None:
    found, state, start = pages(seed, 30), b"", 0
    for cut in [*sorted(cuts), 30]:
        state, start = learned(state, found[start:cut]), cut
    assert state == learned(b"", found)


def test_the_state_is_json_that_executes_nothing() -> None:
    fields = json.loads(learned(b"", pages(0, 3)))
    assert (fields["shown"], set(fields["weights"])) == (30, {"score", "place", "always"})


def test_nobody_is_told_a_probability_before_there_are_enough_outcomes() -> None:
    few = learned(b"", pages(0, ENOUGH // 10 - 1))
    assert Calibration.of([]) is None
    assert Calibration.of([few]) is None
    assert Calibration.of([few, few]) is not None


def test_nobody_is_told_one_while_nothing_was_ever_taken() -> None:
    never = Calibration(always=-99.0, score=0.0, place=0.0)
    assert Calibration.of([learned(b"", pages(0, 100, never))]) is None


def test_partitions_count_by_their_outcomes() -> None:
    large, small = learned(b"", pages(0, 300)), learned(b"", pages(1, 100, Calibration(-4.0, 0.1, 0.0)))
    one, other, both = calibration(large), calibration(small), calibration(large, small, b"")
    np.testing.assert_allclose(both, (3 * np.array(one) + np.array(other)) / 4)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[]", b'{"shown": "x"}'])
def test_a_calibrator_that_can_t_be_read_is_learned_anew(raw: bytes) -> None:
    assert unpack_fitted(raw).shown == 0
    assert learned(raw, pages(0, 30)) == learned(b"", pages(0, 30))
    assert calibration(raw, learned(b"", pages(0, 30)))


@pytest.mark.parametrize("scores", [[1.0] * 10, [1e12, -1e12] * 5, [0.0] * 10])
def test_strange_scores_leave_a_curve_that_can_be_read(scores: Sequence[float]) -> None:
    strange = [
        Outcomes(n, list(range(10)), [float32(score) for score in scores], [True] + [False] * 9) for n in range(30)
    ]
    found = calibration(learned(b"", strange)).probability(scores, range(10))
    assert np.isfinite(found).all()
    assert found[0] > found[8]


def test_without_positions_all_stand_first() -> None:
    assert TRUE.probability([1.0, 2.0]).tolist() == TRUE.probability([1.0, 2.0], [0, 0]).tolist()
