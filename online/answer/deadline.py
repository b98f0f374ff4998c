"""How long one answer may wait for the store, all its reads together."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from contracts.errors import StoreUnavailable

T = TypeVar("T")


class Deadline:
    """A moment on the event loop's clock; made inside a running loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = asyncio.get_running_loop().time() + seconds

    async def read(self, reading: Awaitable[T]) -> T:
        """What was read; raises `StoreUnavailable` when it isn't there by then."""
        try:
            async with asyncio.timeout_at(self._at):
                return await reading
        except TimeoutError as error:
            raise StoreUnavailable(f"it did not answer within {self._seconds:g} s") from error
