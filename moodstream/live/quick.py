"""A bundle that is trained in seconds: what is checked with it is equality, not quality."""

from collections.abc import Sequence
from typing import Final

from batch.evaluate.protocol import Protocol
from batch.log import of_events
from batch.plan import Plan
from batch.replay import UserEvent
from batch.train import Progress, train_on
from contracts.events import Interaction
from model.bundle import Bundle
from model.items import Item
from moodstream.console import bar, say

_STEPS: Final = 1000
_EVENTS: Final = 20_000
"""The newest ones are enough."""


def train_quickly(head: Sequence[UserEvent], items: Sequence[Item], protocol: Protocol) -> Bundle:
    """A small bundle, one epoch old."""
    plan = Plan(epochs=1, final_epochs=0, hidden=64, dim=32, seed=protocol.seed, repeats=protocol.repeats != "never")
    newest = head[-_EVENTS:]
    named = {event.item_id for event in head if isinstance(event, Interaction)}
    catalogue = tuple(items) or tuple(Item(item_id) for item_id in sorted(named))
    say(f"training a small bundle for one epoch, on {len(newest):,} events: equality is checked, not quality")
    with bar("training", _STEPS, "‰") as told:

        def tell(progress: Progress) -> None:
            told(int(_STEPS * progress.share), f"{progress.left:.0f} s left")

        return train_on(of_events(newest), catalogue, plan, tell)
