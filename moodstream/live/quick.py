"""A bundle that is trained in seconds: what is checked with it is equality, not quality."""

from collections.abc import Sequence
from typing import Final

from batch.catalogue import named_in
from batch.evaluate.protocol import Protocol
from batch.log import of_events
from batch.plan import Plan
from batch.replay import UserEvent
from batch.train import train_on
from model.bundle import Bundle
from model.items import Item
from moodstream.console import say
from moodstream.training_bar import training_bar

_EVENTS: Final = 20_000
"""The newest ones are enough."""


def train_quickly(head: Sequence[UserEvent], items: Sequence[Item], protocol: Protocol) -> Bundle:
    """A small bundle, one epoch old."""
    plan = Plan(epochs=1, final_epochs=0, hidden=64, dim=32, seed=protocol.seed, repeats=protocol.repeats)
    newest = head[-_EVENTS:]
    say(f"training a small bundle for one epoch, on {len(newest):,} events: equality is checked, not quality")
    with training_bar() as tell:
        return train_on(of_events(newest), items or named_in(head), plan, tell)
