"""The one definition of the user encoder's maths, over the array API: numpy steps it, torch trains it.

A gated recurrent unit (K. Cho et al., 2014, arXiv:1406.1078, in the variant of cuDNN and torch.nn.GRU) reads a user's
events; the user's embedding at a moment is a gated projection of its state. B: users, T: events, H: units,
d: dimensions of the item vectors, F: width of a token's input.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from array_api_compat import array_namespace

from contracts.kinds import MOOD_KIND
from contracts.moods import MOODS
from model.tokens import Tokens

Array = Any
Parameters = Mapping[str, Array]

GAPS_S: Final = (10.0, 60.0, 600.0, 3600.0, 86_400.0, 604_800.0, 2_592_000.0)
"""A gap enters as gap / (gap + g) for each g: logistic steps of the gap's logarithm, ten seconds to a month."""
KIND_DIM: Final = 8
MOOD_DIM: Final = 8
_REQUEST = len(GAPS_S) + 2 + MOOD_DIM


def shapes(hidden: int, dim: int) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter but `vectors` (rows, d), for H = `hidden` and d = `dim`."""
    width = 2 * dim + KIND_DIM + 1 + _REQUEST
    return {
        "weight_ih": (3 * hidden, width),
        "weight_hh": (3 * hidden, hidden),
        "bias_ih": (3 * hidden,),
        "bias_hh": (3 * hidden,),
        "kinds": (MOOD_KIND + 1, KIND_DIM),
        "moods": (len(MOODS), MOOD_DIM),
        "affect": (len(MOODS), 2),
        "gate": (hidden, _REQUEST),
        "output": (dim, hidden),
        "request": (dim, _REQUEST),
        "request_bias": (dim,),
    }


def _namespace(array: Array) -> Any:
    """The functions for arrays of this kind; numpy's own are the standard's, without a layer around each."""
    return np if isinstance(array, np.ndarray) else array_namespace(array)


def inputs(parameters: Parameters, tokens: Tokens) -> Array:
    """What the recurrence reads of each token, (..., F): the item, its weighted item, kind, weight, gap and mood."""
    xp = _namespace(tokens.weight)
    vectors = _rows(xp, parameters["vectors"], tokens.item)
    weight = tokens.weight[..., None]
    kinds = _rows(xp, parameters["kinds"], tokens.kind)
    return xp.concat([vectors, vectors * weight, kinds, weight, _request(parameters, tokens.gap, tokens.mood)], axis=-1)


def read(parameters: Parameters, tokens: Tokens) -> Array:
    """What each token brings into the recurrence, whatever the state: (..., 3H), the part of the input in its gates."""
    xp = _namespace(tokens.weight)
    return _linear(xp, parameters["weight_ih"], inputs(parameters, tokens)) + parameters["bias_ih"]


def cell(parameters: Parameters, hidden: Array, of_input: Array) -> Array:
    """One step of the recurrence from `hidden` (..., B, H) with what `read` made of a token, to (..., B, H)."""
    xp = _namespace(hidden)
    of_hidden = _linear(xp, parameters["weight_hh"], hidden) + parameters["bias_hh"]
    units = hidden.shape[-1]
    reset = _sigmoid(xp, of_input[..., :units] + of_hidden[..., :units])
    update = _sigmoid(xp, of_input[..., units : 2 * units] + of_hidden[..., units : 2 * units])
    new = xp.tanh(of_input[..., 2 * units :] + reset * of_hidden[..., 2 * units :])
    return (1.0 - update) * new + update * hidden


def sequence(parameters: Parameters, tokens: Tokens) -> Array:
    """The states after each event, (B, T, H), of B users from the zero state; tokens of shape (B, T)."""
    xp = _namespace(tokens.weight)
    whole = read(parameters, tokens)
    users, events = tokens.weight.shape
    units = parameters["weight_hh"].shape[-1]
    hidden = xp.zeros((users, units), dtype=whole.dtype, device=whole.device)
    states = []
    for position in range(events):
        hidden = cell(parameters, hidden, whole[:, position, :])
        states.append(hidden)
    return xp.stack(states, axis=1) if states else xp.zeros((users, 0, units), dtype=whole.dtype, device=whole.device)


def query(parameters: Parameters, hidden: Array, gap: Array, mood: Array) -> Array:
    """The users' embeddings (..., B, d) at request time: an item's score is its vector times this, plus its bias.

    `hidden` (..., B, H); `gap` (..., B) float32, seconds since the user's last event; `mood` (..., B) int32, the row of
    MOODS that the request asks for (0: none).
    """
    xp = _namespace(hidden)
    request = _request(parameters, gap, mood)
    gated = hidden * (1.0 + xp.tanh(_linear(xp, parameters["gate"], request)))
    of_request = _linear(xp, parameters["request"], request) + parameters["request_bias"]
    return _linear(xp, parameters["output"], gated) + of_request


def _request(parameters: Parameters, gap: Array, mood: Array) -> Array:
    xp = _namespace(gap)
    gap = gap[..., None]
    gaps = gap / (gap + xp.asarray(GAPS_S, dtype=gap.dtype, device=gap.device))
    return xp.concat([gaps, _rows(xp, parameters["affect"], mood), _rows(xp, parameters["moods"], mood)], axis=-1)


def _linear(xp: Any, weight: Array, x: Array) -> Array:
    """`x` (..., B, k) by `weight` (n, k), to (..., B, n).

    Written with the users as columns, so that of a stack of single users each is a product of matrix and vector
    (`model.step` says why).
    """
    return xp.matrix_transpose(xp.matmul(weight, xp.matrix_transpose(x)))


def _rows(xp: Any, table: Array, rows: Array) -> Array:
    """`table[rows]` for rows of any shape (the standard's `take` wants one dimension)."""
    flat = xp.take(table, xp.reshape(rows, (-1,)), axis=0)
    return xp.reshape(flat, (*rows.shape, table.shape[-1]))


def _sigmoid(xp: Any, x: Array) -> Array:
    # numpy's namespace has no sigmoid
    return 0.5 * (1.0 + xp.tanh(0.5 * x))
