"""The ids by which a second sending is known: a user's last 256 events', and 256 that the history can't tell of."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from online.store.state import FORWARDED, HISTORY, id_hash

GONE: Final = HISTORY
"""Ids that are known though the history doesn't hold them, or not for long."""


class RecentIds:
    """Of one user; learning and the lake's readers ask the same one."""

    def __init__(self, history: Iterable[int] = (), gone: Iterable[int] = ()) -> None:
        """The hashes of the history's ids and of those that are `gone`, oldest first."""
        self._order = deque(history)
        self._gone = deque(gone, GONE)
        self._known = set(self._order)

    def __contains__(self, event_id: str) -> bool:
        return self.has(id_hash(event_id))

    def has(self, known: int) -> bool:
        """The same for an id's hash."""
        return known in self._known or known in self._gone

    @property
    def gone(self) -> tuple[int, ...]:
        """As they are stored, oldest first."""
        return tuple(self._gone)

    def enter(self, event_id: str) -> None:
        """Of an event that enters the history.

        What an alias sends on from another user's history comes by the hundred, and again as a whole after a crash: it
        is remembered apart, so that the user's own events between the two don't push it out.
        """
        self.enter_hashed(id_hash(event_id), forwarded=event_id.startswith(FORWARDED))

    def enter_hashed(self, known: int, *, forwarded: bool) -> None:
        """The same for an id's hash."""
        if forwarded:
            self._gone.append(known)
        self._order.append(known)
        self._known.add(known)
        if len(self._order) > HISTORY:
            self._known.discard(self._order.popleft())

    def end(self, event_id: str) -> None:
        """Of an event that empties the history, `alias` or `erase`: what was in it isn't taken in again either."""
        self.end_hashed(id_hash(event_id))

    def end_hashed(self, known: int) -> None:
        """The same for an id's hash."""
        self._gone.extend([*self._order, known])
        self._order.clear()
        self._known.clear()
