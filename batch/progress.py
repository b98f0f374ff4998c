"""Where a training stands, for a progress bar and for the checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from batch.ranking import Fitted

PHASES: Final = ("tail", "all", "ranker", "done")
"""The log's end is held out; everything is learned from; the ranker is waited for, if it isn't ready by then."""


@dataclass
class Progress:
    """Where training stands, for a progress bar and for the checkpoint."""

    phase: str = "tail"
    """One of `PHASES`."""
    epoch: int = 0
    """Epochs done in this phase."""
    batch: int = 0
    batches: int = 1
    loss: float = 0.0
    best: float = -1.0
    """NDCG@10 on the tail."""
    best_epoch: int = 0
    hit_rate: float = 0.0
    seconds: float = 0.0
    left: float = 0.0
    """Seconds, as far as can be said."""
    share: float = 0.0
    """Of the time that the whole work takes, in [0, 1]; it jumps when training stops early."""
    ranked: float = 0.0
    """Of the ranker's work, which may be done beside the epochs over everything."""
    ranker: Fitted | None = None
    """Once it is ready."""

    @property
    def words(self) -> str:
        """For a progress bar."""
        return f"loss {self.loss:.3f}, {self._where}, {self.left:.0f} s left"

    @property
    def _where(self) -> str:
        if self.phase == "ranker":
            return f"fitting the ranker ({self.ranked:.0%})"
        where = f"{self.phase} epoch {self.epoch + 1}"
        return f"{where} and beside it the ranker ({self.ranked:.0%})" if 0 < self.ranked < 1 else where


Tell = Callable[[Progress], None]
