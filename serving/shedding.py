"""Requests beyond what can be answered in time are turned away at once, with 429, before all become slow."""

import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems
from serving.admin.door import OPERATIONS
from serving.metrics import Metrics
from serving.pulse import STREAM

LEAST: Final = 4
"""Requests at once that are always answered; the pace of fewer says nothing of what many would take."""
_RETRY_AFTER: Final = {"Retry-After": "1"}
_APART: Final = (STREAM, OPERATIONS)
_NEWEST: Final = 0.1
"""What the newest gap weighs in the pace."""


class Limit:
    """How many requests of one kind may be under way: as many as are answered in `within_s` at the pace of late.

    By Little's law one more would take longer. The pace is the mean gap between two answers while there is work.
    """

    def __init__(self, most: int, within_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._within_s = within_s
        self._clock = clock
        self._gap_s: float | None = None
        self._last = 0.0
        """When the newest answer was given, or work began after none."""
        self.under_way = 0

    @property
    def limit(self) -> int:
        if not self._gap_s:
            return self._most
        return int(min(self._most, max(LEAST, self._within_s / self._gap_s)))

    def begin(self) -> bool:
        """Whether this request may; who may says when it ends."""
        if self.under_way >= self.limit:
            return False
        if not self.under_way:
            self._last = self._clock()
        self.under_way += 1
        return True

    def end(self, read_s: float = 0.0) -> None:
        """A request is answered, which took `read_s` seconds to come in."""
        now = self._clock()
        gap = min(self._within_s, max(0.0, now - self._last - read_s))
        self._gap_s = gap if self._gap_s is None else (1 - _NEWEST) * self._gap_s + _NEWEST * gap
        self._last = now
        self.under_way -= 1


class Shedding:
    """Middleware: answers and posts have a limit each, so that neither takes the other's place."""

    def __init__(self, app: ASGIApp, answers: Limit, posts: Limit, metrics: Metrics) -> None:
        self._app = app
        self._answers = answers
        self._posts = posts
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or turn away; health, metrics and operators are always answered; streams are counted apart."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/") or scope["path"].startswith(_APART):
            await self._app(scope, receive, send)
            return
        kind, limit = ("posts", self._posts) if _is_post(scope) else ("answers", self._answers)
        if not limit.begin():
            self._metrics.shed.labels(kind).inc()
            await problems.answer(429, "too many requests are under way here: try again", _RETRY_AFTER)(
                scope, receive, send
            )
            return
        read = _Timed(receive)
        try:
            await self._app(scope, read, send)
        finally:
            limit.end(read.seconds)


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
