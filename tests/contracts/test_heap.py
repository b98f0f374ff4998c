"""What is there stays, and cycles that come later are still found."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from contracts.heap import settle


class Ring:
    """Refers to itself, so that only a search finds that nobody else does."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def unsettled() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_what_is_there_is_searched_no_more() -> None:
    ring = Ring()
    settle()
    assert all(of is not ring for of in gc.get_objects())
    assert gc.get_freeze_count() > 10_000


def test_cycles_that_come_later_are_found_without_being_asked_for() -> None:
    settle()
    gone = weakref.ref(Ring())
    kept = [[number] for number in range(3 * gc.get_threshold()[0])]
    assert gone() is None, len(kept)
