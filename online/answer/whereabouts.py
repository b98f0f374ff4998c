"""Where a user stands on the map, after the last event that is known of them."""

import uuid
from collections.abc import Callable

from contracts.moods import LABELS
from online.answer.answered import Whereabouts
from online.answer.atlas import Atlases
from online.answer.deadline import Deadline
from online.answer.lag import Stream
from online.answer.library import Library
from online.answer.view import Viewer


class Locator:
    """Answers where users are."""

    def __init__(
        self,
        viewer: Viewer,
        library: Library,
        atlases: Atlases,
        stream: Stream,
        clock: Callable[[], int],
        store_timeout_s: float,
    ) -> None:
        self._viewer = viewer
        self._library = library
        self._atlases = atlases
        self._stream = stream
        self._clock = clock
        self._timeout = store_timeout_s

    async def find(self, user_id: str, token: str) -> Whereabouts:
        """By the user's own state, with the token's events folded in as an answer folds them."""
        deadline, now = Deadline(self._timeout), self._clock()
        view = await self._viewer.view(user_id, token, now, deadline)
        lag = await self._stream.of(view.partition, deadline)
        state, current = view.state, self._library.current.version
        reasons = [*self._library.reasons(), *view.degraded, *lag.degraded]
        drawn = self._atlases.of(current)
        if view.catalogue.version != current:
            drawn = None
            reasons.append(f"map: it is of {current or 'no bundle'}, and the user is on {view.catalogue.version} yet")
        return Whereabouts(
            request_id=uuid.uuid4().hex,
            bundle=view.catalogue.version,
            watermark=view.watermark,
            age_ms=max(0, now - state.time) if state.count else None,
            lag=lag.events,
            degraded=list(dict.fromkeys(reasons)),
            user_id=user_id,
            place=drawn.place(state.embedding) if drawn and state.count and len(state.embedding) else None,
            events=state.count,
            mood=LABELS[state.mood],
            folded=view.folded,
        )
