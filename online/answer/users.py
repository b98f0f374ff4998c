"""A user as an answer about them knows them, and how fresh and how whole that is."""

import uuid
from collections.abc import Callable

from online.answer.answered import Standing
from online.answer.deadline import Deadline
from online.answer.lag import Stream
from online.answer.library import Library
from online.answer.view import View, Viewer


class Users:
    """Finds what answers about one user say."""

    def __init__(
        self, viewer: Viewer, library: Library, stream: Stream, clock: Callable[[], int], store_timeout_s: float
    ) -> None:
        self._viewer = viewer
        self._library = library
        self._stream = stream
        self._clock = clock
        self._timeout = store_timeout_s

    async def find(self, user_id: str, token: str = "") -> tuple[View, Standing]:
        """The user, or an empty one where nothing is known or can be read; with the token's events folded in."""
        deadline, now = Deadline(self._timeout), self._clock()
        view = await self._viewer.view(user_id, token, now, deadline)
        lag = await self._stream.of(view.partition, deadline)
        return view, Standing(
            request_id=uuid.uuid4().hex,
            bundle=view.catalogue.version,
            watermark=view.watermark,
            age_ms=max(0, now - view.state.time) if view.state.count else None,
            lag=lag.events,
            degraded=list(dict.fromkeys([*self._library.reasons(), *view.degraded, *lag.degraded])),
        )
