"""Amounts as people write them."""

import pytest

from contracts.errors import Misconfigured
from moodstream.size.amounts import amount, short


@pytest.mark.parametrize(
    ("said", "is_"), [("1e7", 1e7), ("10M", 1e7), ("2.5k", 2500), ("10,000", 1e4), ("1_000", 1000), (" 3b ", 3e9)]
)
def test_an_amount_is_read_as_it_is_meant(said: str, is_: float) -> None:
    assert amount(said, "--users") == is_


@pytest.mark.parametrize("said", ["", "many", "k", "1e", "nan", "inf", "-5", "1e300", "0"])
def test_nonsense_is_refused_by_the_name_of_its_option(said: str) -> None:
    with pytest.raises(Misconfigured, match="--users"):
        amount(said, "--users", least=1)


def test_a_number_is_told_with_three_digits() -> None:
    assert [short(one) for one in (5.7, 2000, 13_700, 1e7, 6.3e10)] == ["5.7", "2,000", "13.7k", "10M", "63G"]
