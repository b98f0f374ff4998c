"""Trying again, later each time and never in step with others."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar

from contracts.errors import Unavailable

FIRST_S: Final = 0.2
LONGEST_S: Final = 10.0
_Answer = TypeVar("_Answer")


def pauses(first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> Iterator[float]:
    """Seconds to wait before each further try: drawn evenly up to a bound that doubles.

    "Full jitter" of https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    bound = first_s
    while True:
        yield random.uniform(0, bound)  # noqa: S311 - spreads requests, guards nothing
        bound = min(2 * bound, longest_s)


async def patiently(ask: Callable[[], Awaitable[_Answer]], told: Callable[[Unavailable], None]) -> _Answer:
    """The answer, as soon as there is one; each `Unavailable` is told and waited out, other errors are raised."""
    waits = pauses()
    while True:
        try:
            return await ask()
        except Unavailable as error:
            told(error)
            await asyncio.sleep(next(waits))
