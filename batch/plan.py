"""What can be chosen about training; the bundle's metrics say what was."""

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

Repeats = Literal["never", "kept", "collapsed"]
"""Whether items that a user has had are ranked again: never; yes (sessions, music); or all but the one just had."""
SMALL: Final = 64_000
"""Events of a log below which batches get smaller, so that an epoch has some sixty steps, and epochs more."""
LARGE: Final = 250_000
"""Events above which batches get larger with the root of their number, the tail is shorter, and training goes on."""
MOST: Final = 5_000_000
"""Events of a lake that are held by default, some 1.5 GB: of more, everything of as many users as fit."""
ONWARD: Final = 3
"""Epochs over everything where they go on."""
LEAST_TOKENS: Final = 128
LEAST_EPOCHS: Final = 12
MOST_EPOCHS: Final = 32


@dataclass(frozen=True)
class Plan:
    """The defaults were tuned on the training part of MovieLens-100K (DECISIONS.md)."""

    hidden: int = 192
    dim: int = 96
    epochs: int = 0
    """While the tail is held out, at most; the rate rises and falls once over them. 0: by the size of the log."""
    patience: int = 3
    """Epochs without a better tail until training stops."""
    final_epochs: int = -1
    """Over everything, in the end. -1: as many as were best on the tail, or by the size of the log; 0: none."""
    onward: bool = False
    """Whether those go on from the network that was best on the tail, not from nothing; of a large log they do."""
    tail: float = 0.0
    """The share of the log that is held out. 0: by the size of the log."""
    repeats: Repeats = "never"
    """Whether users take up again what they have had: then it stays in the softmax and among what is ranked. Where
    repeats are collapsed, what is taken twice in a row is no target the second time."""
    tokens: int = 0
    """Of a batch. 0: by the size of the log."""
    rate: float = 6e-3
    """The highest learning rate."""
    decay: float = 1e-2
    dropout: float = 0.5
    id_dropout: float = 0.1
    unknown: float = 0.01
    smoothing: float = 0.1
    """The share of a target that all items have evenly, so that the network is never too sure of one; of a large log
    none."""
    mood_said: float = 0.03
    mood_asked: float = 0.15
    clip: float = 1.0
    sampled_above: int = 20_000
    """Items from which on the softmax runs over a sample."""
    sample: int = 4096
    seed: int = 0
    threads: int = 1
    """Of torch on a CPU, beside which the ranker's process may run: a second one gains little (DECISIONS.md)."""
    device: str = "auto"

    @property
    def again(self) -> bool:
        """Whether what a user has had is ranked, too."""
        return self.repeats != "never"

    def for_log(self, events: int) -> "Plan":
        """The same with everything chosen that was left to the size of the log."""
        tokens = 1024.0 * max(1.0, math.sqrt(events / LARGE)) if events > SMALL else max(LEAST_TOKENS, events / 62.5)
        epochs = 18 * math.sqrt(SMALL / max(1, events))
        onward = self.onward or (self.final_epochs < 0 and events >= LARGE)
        return replace(
            self,
            onward=onward,
            final_epochs=ONWARD if onward and self.final_epochs < 0 else self.final_epochs,
            epochs=self.epochs or min(MOST_EPOCHS, max(LEAST_EPOCHS, round(epochs))),
            tail=self.tail or (0.2 if events < LARGE else 0.1),
            tokens=self.tokens or round(tokens),
            smoothing=self.smoothing if events < LARGE else 0.0,
        )


DEFAULT: Final = Plan()
