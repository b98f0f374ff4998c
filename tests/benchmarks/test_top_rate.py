"""The search ends at what holds."""

from collections import Counter

import pytest

from benchmarks.top_rate import top_rate


@pytest.mark.parametrize("truth", [9.0, 90.0, 250.0, 777.0, 40_000.0])
def test_the_highest_rate_that_holds_is_found_from_below(truth: float) -> None:
    found = top_rate(lambda rate: rate <= truth, start=250)
    assert truth / 1.06 <= found <= truth


def test_nothing_that_holds_is_zero() -> None:
    assert top_rate(lambda _: False, start=100) == 0


def test_one_bad_run_is_forgiven() -> None:
    tried: Counter[float] = Counter()

    def second_time(rate: float) -> bool:
        tried[rate] += 1
        return rate <= 500 and tried[rate] == 2

    assert top_rate(second_time, start=250) > 470
