"""Where a training stands, for a progress bar and for the checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass, field

from batch.ranking import Fitted, default


@dataclass
class Progress:
    """Where training stands, for a progress bar and for the checkpoint."""

    phase: str = "tail"
    """`tail`: its end is held out; `ranker`: fitted on that; `all`: over everything; `done`."""
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
    """Of the whole work, in [0, 1]; it jumps when training stops early."""
    ranker: Fitted = field(default_factory=default)

    @property
    def words(self) -> str:
        """For a progress bar."""
        where = "fitting the ranker" if self.phase == "ranker" else f"{self.phase} epoch {self.epoch + 1}"
        return f"loss {self.loss:.3f}, {where}, {self.left:.0f} s left"


Tell = Callable[[Progress], None]
