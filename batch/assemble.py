"""From a trained network to a bundle."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from batch.log import Log
from batch.nearest import embeddings_of, with_index
from batch.network import Network
from batch.sequences import Sequences
from model.bundle import Bundle, Watermark, version_of
from model.index import FIRST
from model.items import Item
from model.scoring import NEVER
from model.step import Encoder

HALF_LIFE_PER_ITEM: Final = 2
"""Popularity halves with every two events an item of the catalogue, with a thousand at least."""


def assemble(
    network: Network,
    items: Sequence[Item],
    log: Log,
    sequences: Sequences,
    moods: NDArray[np.float32],
    metrics: Mapping[str, Any],
    now_ms: int,
) -> Bundle:
    """The bundle of this network; `moods` (rows, 2), `now_ms` its time of birth in UTC milliseconds.

    A large catalogue gets an index, whose recall is measured with the embeddings of users.
    """
    with torch.inference_mode():
        parameters = network.parameters_with(network.vectors())
        arrays = {name: value.cpu().numpy().copy() for name, value in parameters.items()}
        bias = network.bias.detach().cpu().numpy().copy()
    bias[:FIRST] = NEVER
    arrays["kinds"][list(sequences.unheard)] = 0
    bundle = Bundle(
        version=version_of(now_ms, arrays["vectors"], bias, arrays["weight_hh"]),
        created=now_ms,
        watermark=Watermark(time=int(log.time.max()), count=len(log.time)),
        catalogue=tuple(items),
        vectors=arrays["vectors"],
        bias=bias,
        moods=moods,
        popularity=_popularity(sequences),
        encoder=Encoder(arrays),
        content_projection=network.projection.detach().cpu().numpy().copy(),
        metrics=metrics,
    )
    return with_index(bundle, lambda: embeddings_of(bundle.encoder, sequences))


def counts_of(sequences: Sequences) -> NDArray[np.float32]:
    """How often each row (rows,) was an event to be foretold."""
    items = sequences.tokens.item[sequences.target]
    return np.bincount(items, minlength=sequences.rows).astype(np.float32)


def _popularity(sequences: Sequences) -> NDArray[np.float32]:
    """log1p of each item's count (rows,), decayed by the events that came after."""
    half_life = HALF_LIFE_PER_ITEM * max(500, sequences.rows)
    age = len(sequences.place) - sequences.place[sequences.target]
    weights = 0.5 ** (age / half_life)
    counts = np.bincount(sequences.tokens.item[sequences.target], weights, minlength=sequences.rows)
    return np.log1p(counts).astype(np.float32)
