"""A calibrator that learns one outcome at a time, by river: how likely what was shown is taken, by its score and place.

Platt scaling (Platt, 1999) learned online: logistic regression on the score and the logarithm of the position, both
standardised by what came so far, with RMSProp's steps (Tieleman and Hinton, 2012), which don't shrink, since each
bundle has scores of its own; never falling as the score rises. One for each partition of the log, since what it comes
to depends on the order; `online.learn.calibration` combines them.
"""

from collections.abc import Iterable
from math import exp, log1p
from typing import Any, Final, NamedTuple

from msgspec.structs import asdict
from river.linear_model import LogisticRegression
from river.optim import RMSProp
from river.preprocessing import StandardScaler
from river.utils import VectorDict

from online.learn.calibration import Each, Fitted, pack_fitted, unpack_fitted
from online.store.impressions import Outcomes

_RATE: Final = 0.005
_KEPT: Final = 0.9997
"""Of the mean squared gradient, from one outcome to the next. What is shown is rarely taken: a mean over few outcomes
makes the steps of the rare ones too short (with 0.9, the usual, log-loss doubled at one taken in a hundred)."""
_TAUGHT: Final = 200
"""Outcomes after which a calibrator should know."""
_SURE: Final = 30.0
"""Logits that a surprise is counted up to."""
_SCORE, _PLACE, _ALWAYS = "score", "place", "always"
_SCALED: Final = (_SCORE, _PLACE)


class Lesson(NamedTuple):
    """What outcomes came to."""

    state: bytes
    losses: dict[int, list[float]]
    """By the offset of the event that decided them: how surprising each was, as log-loss, before it was learned.

    A calibrator that has learned little is surprised by everything, and says nothing.
    """


def lesson(state: bytes, outcomes: Iterable[Outcomes]) -> Lesson:
    """The calibrator in these bytes (JSON; none for a new one) after these outcomes, in their order.

    The bytes don't depend on how the outcomes were cut into calls.
    """
    fitted, outcomes = unpack_fitted(state), list(outcomes)
    if not outcomes:
        return Lesson(state, {})
    model, scaler = _model(fitted), _scaler(fitted)
    shown, taken = fitted.shown, fitted.taken
    losses: dict[int, list[float]] = {}
    for found in outcomes:
        surprises = [
            _learn_one(model, scaler, score, position, was_taken)
            for score, position, was_taken in zip(found.scores, found.positions, found.taken, strict=True)
        ]
        if shown >= _TAUGHT:
            losses[found.offset] = losses.get(found.offset, []) + surprises
        shown += len(found.taken)
        taken += sum(found.taken)
    after = Fitted(
        shown,
        taken,
        Each(**model.weights),
        Each(**scaler.means),
        Each(**scaler.vars),
        Each(**model.optimizer.g2.to_dict()),
    )
    return Lesson(pack_fitted(after), losses)


def _learn_one(model: Any, scaler: Any, score: float, position: int, taken: bool) -> float:
    x = {_SCORE: score, _PLACE: log1p(position)}
    scaler.learn_one(x)
    scaled = {**scaler.transform_one(x), _ALWAYS: 1.0}
    stated = sum(model._weights[name] * value for name, value in scaled.items())
    model.learn_one(scaled, taken)
    if model._weights[_SCORE] < 0:  # a better score is never less likely to be taken
        model._weights[_SCORE] = 0.0
    return log1p(exp(min(_SURE, -stated if taken else stated)))


def _model(fitted: Fitted) -> Any:
    # the intercept is a weight like the others, so that its steps shrink with theirs
    model = LogisticRegression(RMSProp(_RATE, rho=_KEPT), intercept_lr=0.0)
    model._weights = VectorDict(asdict(fitted.weights))
    model.optimizer.g2 = VectorDict(asdict(fitted.squares))
    return model


def _scaler(fitted: Fitted) -> Any:
    scaler = StandardScaler()
    scaler.counts.update(dict.fromkeys(_SCALED, fitted.shown))
    scaler.means.update({name: getattr(fitted.means, name) for name in _SCALED})
    scaler.vars.update({name: getattr(fitted.variances, name) for name in _SCALED})
    return scaler
