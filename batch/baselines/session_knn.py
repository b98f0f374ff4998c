"""What others took in sessions like this one: VMIS-kNN (B. Kersbergen, O. Sprangers and S. Schelter, 2022), online."""

from array import array
from collections import defaultdict
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from batch.baselines.fading import grown
from batch.baselines.live import Live, Rows, recency
from contracts.events import Interaction


class SessionKnn(Live):
    """The sessions that share most with the user's latest items, newer shared items counting more.

    A session is what the context says it is, cut at so many events; without a word of it, the user's stretch of events.
    """

    name = "session_knn"
    last: ClassVar = 10
    decay: ClassVar = 0.8
    longest: ClassVar = 20
    """Events of a session."""
    candidates: ClassVar = 200
    """The newest sessions with an item that are looked at."""
    neighbours: ClassVar = 200
    rareness: ClassVar = 0.5
    """How much an item gains by being rare: the exponent of its idf."""

    def _begin(self) -> None:
        self._sessions: list[array[int]] = []
        self._open: dict[str, tuple[str | None, int]] = {}
        self._with: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        self._taken = np.zeros(len(self.items) + 1)

    def _count(self, event: Interaction, row: int, before: Rows) -> None:
        number = self._session(event)
        self._taken = grown(self._taken, len(self.items))
        self._taken[row] += 1
        if row in self._sessions[number]:
            return
        self._sessions[number].append(row)
        having = self._with[row]
        having.append(number)
        if len(having) > 2 * self.candidates:
            del having[: self.candidates]

    def _session(self, event: Interaction) -> int:
        said = event.context.session if event.context else None
        known, number = self._open.get(event.user_id, (None, -1))
        if number < 0 or said != known or len(self._sessions[number]) >= self.longest:
            number = len(self._sessions)
            self._sessions.append(array("q"))
            self._open[event.user_id] = (said, number)
        return number

    def _scores(self, user_id: str, latest: Rows) -> NDArray[np.floating]:
        near, likeness = self._near(user_id, latest)
        if not len(near):
            return np.zeros(len(self.items))
        rows = [np.frombuffer(self._sessions[number], np.int64) for number in near.tolist()]
        worth = np.repeat(likeness, [len(one) for one in rows])
        found = np.bincount(np.concatenate(rows), worth, minlength=len(self.items))
        taken = grown(self._taken, len(self.items))[: len(self.items)]
        return np.asarray(found * np.log1p(taken.sum() / (taken + 1)) ** self.rareness)

    def _near(self, user_id: str, latest: Rows) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The nearest sessions (k,) and how near they are."""
        distinct = list(dict.fromkeys(latest))
        having = [np.frombuffer(self._with[row], np.int64)[-self.candidates :] for row in distinct]
        weights = recency(len(distinct), self.decay)
        joined = np.concatenate(having)
        numbers, places = np.unique(joined, return_inverse=True)
        likeness = np.asarray(np.bincount(places, np.repeat(weights, [len(one) for one in having])), np.float64)
        likeness[numbers == self._open.get(user_id, ("", -1))[1]] = 0.0
        best = np.argsort(-likeness, kind="stable")[: self.neighbours]
        best = best[likeness[best] > 0]
        return numbers[best], likeness[best]
