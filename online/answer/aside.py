"""Work that may hang: each in a thread of its own, which holds up neither others nor the end of the process."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T]) -> "asyncio.Future[T]":
    """What it returns or raises; whoever gives up waiting leaves the thread behind, which ends when the work does."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(tell: Callable[[Any], None], told: Any) -> None:
        if not future.done():
            tell(told)

    def run() -> None:
        try:
            tell, told = future.set_result, work()
        except Exception as error:
            tell, told = future.set_exception, error  # type: ignore[assignment]
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, tell, told)

    threading.Thread(target=run, daemon=True).start()
    return future
