"""A figure beside its reference says how many times as good it is, repeat by repeat."""

import msgspec
import pytest

from benchmarks.result import Measured
from tests.benchmarks.found import measured


def test_the_ratio_is_of_each_repeat_with_its_own_reference() -> None:
    # as a whole both doubled from one repeat to the next, as on a machine that was busy at first
    ratio = measured("a", [10.0, 20.0, 30.0], [5.0, 10.0, 10.0]).ratio
    assert ratio == (2.0, 2.0, 3.0)
    assert ratio.said() == "2.00 [2.00, 3.00]"


def test_over_one_we_win_where_less_is_better_too() -> None:
    slower = msgspec.structs.replace(measured("a", [10.0], [5.0]), better="lower")
    assert slower.ratio == (0.5, 0.5, 0.5)


def test_without_a_reference_there_is_no_ratio() -> None:
    assert measured("a", [1.0]).ratio is None


@pytest.mark.parametrize(("ours", "reference"), [([], []), ([1.0, 2.0], [1.0])])
def test_a_repeat_of_one_without_the_other_is_refused(ours: list[float], reference: list[float]) -> None:
    with pytest.raises(ValueError, match="repeats"):
        Measured(name="a", what="a", unit="/s", ours=ours, reference=reference)
