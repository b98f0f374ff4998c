"""How long a training still takes, as far as can be said from what it has taken so far; for the progress bar."""

import time
from dataclasses import dataclass, field
from typing import Final

from batch.progress import Progress

_OF_ALL: Final = 1.1
"""How long an epoch over everything takes, in epochs on the tail; the tail's own are shorter, but are judged."""
_RANKER: Final = 2.0
"""How long the ranker takes on one core, in times of the epochs on the tail."""


@dataclass
class Clock:
    """Of one run, which may go on from one that was killed."""

    before: float = 0.0
    """Seconds of the run that was killed."""
    started: float = field(default_factory=time.monotonic)
    ranking: float = 0.0
    """When the ranker was begun."""

    def tell(self, progress: Progress, epochs: float, tail: int, final: int, *, beside: bool) -> None:
        """Say in the progress how much is done and left after so many epochs of its phase.

        Of all `tail` epochs on the tail and `final` over everything, the ranker being fitted after these or `beside`.
        """
        progress.seconds = self.before + time.monotonic() - self.started
        done, first, then = tail + _OF_ALL * epochs, 0.0, _OF_ALL * (final - epochs)
        if progress.phase == "tail":
            done, first, then = epochs, tail - epochs, _OF_ALL * final
        pace = progress.seconds / max(done, 1e-9)
        ranker = self._ranker(progress, pace * _RANKER * tail)
        progress.left = pace * first + (max(pace * then, ranker) if beside else pace * then + ranker)
        progress.share = max(progress.share, progress.seconds / max(progress.seconds + progress.left, 1e-9))

    def _ranker(self, progress: Progress, guess: float) -> float:
        if not progress.ranked:
            return guess
        return (time.monotonic() - self.ranking) * (1 - progress.ranked) / progress.ranked
