"""The circuit breaker: what keeps failing is left alone, tried by one at a time, and used again once it works."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from serving.breaker import Breaker


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(3, 1.0, Clock())
    for outcome in (breaker.failed, breaker.failed, breaker.succeeded, breaker.failed, breaker.failed):
        outcome()
        assert breaker.lets_through()
    breaker.failed()
    assert breaker.is_open
    assert not breaker.lets_through()


def test_open_it_lets_one_try_at_a_time_and_closes_when_that_works() -> None:
    clock = Clock()
    breaker = Breaker(1, 1.0, clock)
    breaker.failed()
    clock.now += 1.0
    assert [breaker.lets_through() for _ in range(5)] == [True, False, False, False, False]
    breaker.failed()
    assert not breaker.lets_through()
    clock.now += 1.0
    assert breaker.lets_through()
    breaker.succeeded()
    assert all(breaker.lets_through() for _ in range(5))


def test_a_try_that_never_comes_back_holds_up_nothing() -> None:
    clock = Clock()
    breaker = Breaker(1, 1.0, clock)
    breaker.failed()
    for _ in range(3):
        clock.now += 1.0
        assert breaker.lets_through()
        assert not breaker.lets_through()


@given(st.lists(st.sampled_from(["failed", "succeeded", "ask", "wait"]), max_size=60))
def test_open_it_lets_at_most_one_a_second_through_whatever_happens(steps: list[str]) -> None:
    clock = Clock()
    breaker = Breaker(2, 1.0, clock)
    through: list[float] = []
    for step in steps:
        if step == "wait":
            clock.now += 0.4
        elif step == "ask":
            was_open = breaker.is_open
            if breaker.lets_through() and was_open:
                through.append(clock.now)
        else:
            getattr(breaker, step)()
            through = through if breaker.is_open else []
    assert all(after - before >= 1.0 for before, after in pairwise(through))
