"""The store as answers read it: spared while it keeps failing, and never a reason for an answer to fail."""

import asyncio
import logging
import time
from typing import Any, Final

from contracts.errors import MoodstreamError, StoreUnavailable
from online.store.protocol import Store
from serving.breaker import Breaker

FAILURES: Final = 5
"""In a row; so many answers have waited in vain before others go on without the store at once."""
RETRY_S: Final = 0.5
_log = logging.getLogger(__name__)


def spared(store: Store, breaker: Breaker, patience_s: float) -> Store:
    """This store behind a breaker; a reading that is given up after half of `patience_s` or more counts as failed."""
    found: Any = _Spared(store, breaker, patience_s / 2)
    return found  # type: ignore[no-any-return]  # every method of it is one of the store's


class _Spared:
    def __init__(self, store: Store, breaker: Breaker, slow_s: float) -> None:
        self._store = store
        self._breaker = breaker
        self._slow_s = slow_s
        self._reason = ""
        self._told: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def read(*arguments: Any) -> Any:
            return await self._read(method, arguments)

        return read

    async def _read(self, method: Any, arguments: tuple[Any, ...]) -> Any:
        if not self._breaker.lets_through():
            raise StoreUnavailable(self._reason)
        began = time.monotonic()
        try:
            found = await method(*arguments)
        except asyncio.CancelledError:  # nobody waits any more: was it for the store?
            if time.monotonic() - began >= self._slow_s:
                self._failed(f"it did not answer within {2 * self._slow_s:g} s")
            raise
        except StoreUnavailable as error:
            self._failed(str(error))
            raise
        except MoodstreamError:
            raise
        except Exception as error:  # written by a newer version, or damaged
            self._tell_once(f"{method.__name__}: what the store holds can't be read: {type(error).__name__}")
            raise StoreUnavailable(f"what it holds can't be read: {type(error).__name__}") from error
        self._breaker.succeeded()
        return found

    def _tell_once(self, trouble: str) -> None:
        if trouble not in self._told:
            self._told = {*list(self._told)[-100:], trouble}
            _log.warning("%s", trouble)

    def _failed(self, reason: str) -> None:
        self._reason = reason
        self._breaker.failed()
