"""From scores to the probability that what is shown is taken, as the calibrators of all partitions have learned it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
ENOUGH: Final = 200
"""Outcomes, over all partitions, before which nobody is told a probability."""


class Each(msgspec.Struct, frozen=True):
    """One number for the score, one for log(1 + position), one for the intercept."""

    score: float = 0.0
    place: float = 0.0
    always: float = 0.0


class Fitted(msgspec.Struct, frozen=True):
    """One partition's calibrator; all that it takes to go on learning."""

    shown: int = 0
    taken: int = 0
    weights: Each = Each()
    """Of the score and the place as standardised."""
    means: Each = Each()
    variances: Each = Each()
    squares: Each = Each()
    """Means of the squared gradients, by which a step is measured."""


class Calibration(NamedTuple):
    """A logistic curve over score and place: logit = always + score · s + place · log(1 + position)."""

    always: float
    score: float
    """At least 0, so that the order by probability at one place is the order by score."""
    place: float

    @classmethod
    def of(cls, calibrators: Sequence[bytes]) -> "Calibration | None":
        """What the calibrators of all partitions come to, each by its outcomes; None before there are `ENOUGH`.

        `calibrators` are as `Store.calibrators` gives them.
        """
        fitted = [one for one in map(unpack_fitted, calibrators) if one.shown]
        shown = [one.shown for one in fitted]
        if sum(shown) < ENOUGH or not sum(one.taken for one in fitted):
            return None
        return cls(*np.average([_raw(one) for one in fitted], axis=0, weights=shown).tolist())

    def probability(self, scores: ArrayLike, positions: ArrayLike | None = None) -> Floats:
        """How likely items of these scores (n,), shown at these positions (n,), are taken within the window: (n,).

        Without positions all are taken to stand first.
        """
        scores = np.asarray(scores, np.float64)
        places = np.zeros(len(scores)) if positions is None else np.log1p(np.asarray(positions, np.float64))
        return sigmoid(self.always + self.score * scores + self.place * places)


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + e^-x), without overflow: (n,)."""
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


def _raw(fitted: Fitted) -> tuple[float, float, float]:
    """The curve over scores and places as they are, not standardised."""
    weights, means, variances = fitted.weights, fitted.means, fitted.variances
    score = weights.score / variances.score**0.5 if variances.score else 0.0
    place = weights.place / variances.place**0.5 if variances.place else 0.0
    return weights.always - score * means.score - place * means.place, score, place


def pack_fitted(fitted: Fitted) -> bytes:
    """As JSON."""
    return msgspec.json.encode(fitted)


def unpack_fitted(raw: bytes) -> Fitted:
    """The calibrator in this JSON; a new one where there is none, or none that can be read."""
    try:
        return msgspec.json.decode(raw, type=Fitted) if raw else Fitted()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Fitted()
