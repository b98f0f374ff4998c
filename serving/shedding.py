"""Requests beyond what can be answered in time are turned away at once, with 429, before all become slow."""

import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems
from serving.metrics import Metrics

LEAST: Final = 4
"""Requests at once that are always answered."""
_RETRY_AFTER: Final = {"Retry-After": "1"}
_LESS: Final = 0.9


class Limit:
    """How many requests of one kind may be under way: fewer after each slow one, more while the limit is reached.

    Additive increase, multiplicative decrease, as TCP finds the rate of a line (Chiu and Jain, 1989).
    """

    def __init__(self, most: int, slow_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Starts at `most`; an answer that takes longer than `slow_s` is slow."""
        self._most = most
        self._slow_s = slow_s
        self._clock = clock
        self._limit = float(most)
        self._lowered_at = 0.0
        self.under_way = 0

    @property
    def limit(self) -> int:
        return int(self._limit)

    def begin(self) -> float | None:
        """When this request began; None where it is one too many."""
        if self.under_way >= self.limit:
            return None
        self.under_way += 1
        return self._clock()

    def end(self, began: float, read_s: float = 0.0) -> None:
        """A request is answered, which took `read_s` seconds to come in."""
        now = self._clock()
        if now - began - read_s > self._slow_s:
            if began >= self._lowered_at:  # those that were under way then tell nothing new
                self._limit = max(min(LEAST, self._most), self._limit * _LESS)
                self._lowered_at = now
        elif 2 * self.under_way > self._limit:
            self._limit = min(self._most, self._limit + 1 / self._limit)
        self.under_way -= 1


class Shedding:
    """Middleware: answers and posts have a limit each, so that neither takes the other's place."""

    def __init__(self, app: ASGIApp, answers: Limit, posts: Limit, metrics: Metrics) -> None:
        self._app = app
        self._answers = answers
        self._posts = posts
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or turn away; health and metrics are always answered."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        kind, limit = ("posts", self._posts) if _is_post(scope) else ("answers", self._answers)
        began = limit.begin()
        if began is None:
            self._metrics.shed.labels(kind).inc()
            await problems.answer(429, "too many requests are under way here: try again", _RETRY_AFTER)(
                scope, receive, send
            )
            return
        read = _Timed(receive)
        try:
            await self._app(scope, read, send)
        finally:
            limit.end(began, read.seconds)


class _Timed:
    """How long the server waited for the request's body: a slow client makes no answer slow."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.seconds = 0.0

    async def __call__(self) -> Message:
        began = time.monotonic()
        try:
            return await self._receive()
        finally:
            self.seconds += time.monotonic() - began


def _is_post(scope: Scope) -> bool:
    """Whether it waits for Kafka."""
    return bool(scope["path"] == "/v1/events" or scope["method"] == "DELETE")
