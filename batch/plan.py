"""What can be chosen about training; the bundle's metrics say what was."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Plan:
    """The defaults were tuned on the training part of MovieLens-100K (DECISIONS.md)."""

    hidden: int = 192
    dim: int = 96
    epochs: int = 14
    """At most, while the tail is held out."""
    patience: int = 2
    """Epochs without a better tail until training stops."""
    final_epochs: int = 3
    """Over everything, in the end."""
    tail: float = 0.1
    repeats: bool = False
    """Whether users take up again what they have had: then it stays in the softmax and among what is ranked."""
    tokens: int = 1024
    """Of a batch."""
    rate: float = 2e-3
    decay: float = 1e-2
    dropout: float = 0.5
    id_dropout: float = 0.1
    unknown: float = 0.01
    mood_said: float = 0.03
    mood_asked: float = 0.15
    clip: float = 1.0
    sampled_above: int = 20_000
    """Items from which on the softmax runs over a sample."""
    sample: int = 4096
    seed: int = 0
    threads: int = 2
    device: str = "auto"


DEFAULT: Final = Plan()
