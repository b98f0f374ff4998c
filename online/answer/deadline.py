"""How long one answer may wait for the store, all its reads together."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from contracts.errors import StoreUnavailable

T = TypeVar("T")


class Deadline:
    """A moment on the event loop's clock; made inside a running loop."""

    def __init__(self, seconds: float) -> None:
        self._late = f"it did not answer within {seconds:g} s"
        self._at = asyncio.get_running_loop().time() + seconds

    async def read(self, reading: Coroutine[Any, Any, T]) -> T:
        """What was read; raises `StoreUnavailable` when it isn't there by then. Past it, nothing is asked any more."""
        if asyncio.get_running_loop().time() >= self._at:
            reading.close()
            raise StoreUnavailable(self._late)
        try:
            async with asyncio.timeout_at(self._at):
                return await reading
        except TimeoutError as error:
            raise StoreUnavailable(self._late) from error
