"""What a network is trained on: a log as sequences over a catalogue, with the moods of its items."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batch.log import Log
from batch.moods import Moods
from batch.plan import Plan
from batch.sequences import Sequences, sequences_of
from contracts.errors import Misconfigured
from model.affect import affects_by_row
from model.index import ItemIndex
from model.items import Item


@dataclass(frozen=True)
class TrainingSet:
    """A log and a catalogue, each item at its row."""

    log: Log
    items: Sequence[Item]
    index: ItemIndex
    sequences: Sequences
    """Of the whole log."""
    affects: NDArray[np.float32]
    """(rows, 2): valence and arousal."""
    moods: Moods
    """To be drawn in training."""
    collapsed: bool = False
    """What is taken twice in a row is no target the second time."""

    def until(self, cut: int) -> Sequences:
        """The sequences of the log's first events alone."""
        return sequences_of(self.log.part(0, cut), self.index, self.sequences.unheard, collapsed=self.collapsed)


def training_set(log: Log, items: Sequence[Item], plan: Plan) -> TrainingSet:
    """The log over this catalogue; raises `Misconfigured` where nothing can be learned from it."""
    index = ItemIndex(item.item_id for item in items)
    collapsed = plan.repeats == "collapsed"
    sequences = sequences_of(log, index, collapsed=collapsed)
    if not sequences.target.any():
        raise Misconfigured("the log has no interaction with an item of the catalogue: nothing can be learned from it")
    felt = affects_by_row(items)
    return TrainingSet(log, items, index, sequences, felt, Moods.of(log, felt, plan), collapsed)
