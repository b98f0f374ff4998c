"""A network that begins where a bundle stands, over a catalogue that may have grown since."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from batch.network import Network
from model.bundle import Bundle
from model.index import FIRST
from model.items import Item, content_vectors


def warm_start(bundle: Bundle, items: Sequence[Item], counts: NDArray[np.float32]) -> Network:
    """The bundle's network for these items, of which `counts` (rows,) events are known.

    An item's own part is what its content doesn't explain. Items that the bundle doesn't know begin at what their
    content says, and with the bias that items of their count have in the bundle.
    """
    network = Network(items, bundle.encoder.hidden_size, bundle.encoder.dim, counts)
    old = np.concatenate([np.arange(FIRST), bundle.index.rows([item.item_id for item in items])])
    known = np.concatenate([np.arange(FIRST), FIRST + np.flatnonzero(old[FIRST:] >= FIRST)])
    own = np.zeros(network.ids.shape, np.float32)
    own[known] = bundle.vectors[old[known]]
    real = known[FIRST:]
    own[real] -= content_vectors(bundle.content_projection, [bundle.catalogue[row - FIRST] for row in old[real]])
    usual = np.log1p(counts)
    bias = usual + (np.mean(bundle.bias[old[real]] - usual[real]) if len(real) else 0.0)
    bias[known] = bundle.bias[old[known]]
    parameters = bundle.encoder.parameters
    recurrence = {f"gru.{name}_l0": parameters[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    rest = {name: parameters[name] for name in ("kinds", "moods", "gate", "output", "request", "request_bias")}
    arrays = {"ids": own, "bias": bias.astype(np.float32), "projection": bundle.content_projection}
    state = {name: torch.tensor(value) for name, value in {**arrays, **recurrence, **rest}.items()}
    network.load_state_dict(state, strict=True)
    return network
