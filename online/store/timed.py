"""A store that says how long each of its calls took, whatever came of it."""

import time
from collections.abc import Callable
from typing import Any

from online.store.protocol import Store

Took = Callable[[str, float], None]
"""Is told a call's name and its seconds."""


def timed(store: Store, took: Took) -> Store:
    """This store under a stopwatch."""
    found: Any = _Timed(store, took)
    return found  # type: ignore[no-any-return]  # every method of it is one of the store's


class _Timed:
    def __init__(self, store: Store, took: Took) -> None:
        self._store = store
        self._took = took

    def __getattr__(self, name: str) -> Any:
        method, took = getattr(self._store, name), self._took

        async def call(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return await method(*arguments)
            finally:
                took(name, time.perf_counter() - began)

        setattr(self, name, call)  # found at once from now on
        return call
