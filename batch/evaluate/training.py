"""What trains and fine-tunes in an evaluation: the code of `moodstream train` and of the nightly job."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from batch.catalogue import named_in
from batch.evaluate.frozen import held_out
from batch.evaluate.jobs import Trained
from batch.fine_tune import fine_tune
from batch.log import of_events
from batch.plan import Plan
from batch.progress import Progress
from batch.replay import UserEvent
from batch.train import train_on
from model.bundle import Bundle
from model.items import Item


@dataclass(frozen=True)
class Training:
    """Can be sent to a worker process."""

    items: tuple[Item, ...]
    """The catalogue; empty: those that the events so far name."""
    plan: Plan

    def train(self, head: Sequence[UserEvent], tell: Callable[[Progress], None]) -> Trained:
        """From nothing."""
        items = self.catalogue(head)
        with tempfile.TemporaryDirectory(prefix="moodstream-") as folder:
            bundle = train_on(of_events(head), items, self.plan, tell, Path(folder))
            return Trained(bundle, held_out(Path(folder), head, items, self.plan))

    def retrain(self, bundle: Bundle, log: Sequence[UserEvent]) -> Bundle:
        """From the bundle."""
        return fine_tune(bundle, of_events(log), self.catalogue(log), self.plan, now_ms=log[-1].time)

    def catalogue(self, log: Sequence[UserEvent]) -> tuple[Item, ...]:
        """What is known of items once this log is."""
        return self.items or named_in(log)
