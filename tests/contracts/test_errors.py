"""The error tree: whether to try again stands on the class."""

import pytest

from contracts import errors
from contracts.errors import MoodstreamError, Unavailable


def _tree(error: type[MoodstreamError]) -> list[type[MoodstreamError]]:
    return [error, *(one for child in error.__subclasses__() for one in _tree(child))]


MEET_AGAIN = (
    errors.Fenced,
    errors.StateTooNew,
    errors.LogWentBack,
    errors.EpochEnded,
    errors.LeaseLost,
    errors.IteratorExpired,
)
HERE = [error for error in _tree(MoodstreamError) if error.__module__ == errors.__name__]


@pytest.mark.parametrize("error", HERE)
def test_every_error_says_what_it_means_and_whether_to_try_again(error: type[MoodstreamError]) -> None:
    assert error.__doc__
    assert error.retriable is (issubclass(error, Unavailable) or error in MEET_AGAIN)
