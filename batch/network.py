"""The network that training moves: `model.encoder`'s parameters, item vectors from ids and content, and biases."""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from batch.recurrence import recur
from contracts.moods import MOODS
from model import encoder
from model.index import FIRST
from model.items import BUCKETS, Item, hashed
from model.tokens import Tokens


class Network(nn.Module):
    """Holds what a bundle holds; `vectors()` makes the item vectors, `states` and `queries` run the encoder."""

    affect: Tensor
    _offsets: Tensor
    _buckets: Tensor
    _values: Tensor

    def __init__(self, items: Sequence[Item], hidden: int, dim: int, counts: NDArray[np.float32]) -> None:
        """For a catalogue with `counts` (rows,) of events, from which the biases start."""
        super().__init__()
        shapes = encoder.shapes(hidden, dim)
        self.gru = nn.GRU(shapes["weight_ih"][1], hidden, batch_first=True)
        self.ids = nn.Parameter(torch.randn(len(items) + FIRST, dim) * dim**-0.5)
        self.projection = nn.Parameter(torch.randn(BUCKETS, dim) * 0.3 * dim**-0.5)
        self.bias = nn.Parameter(torch.log1p(torch.from_numpy(counts)))
        self.kinds = nn.Parameter(torch.randn(shapes["kinds"]) * 0.1)
        self.moods = nn.Parameter(torch.randn(shapes["moods"]) * 0.1)
        self.gate = nn.Parameter(torch.zeros(shapes["gate"]))
        self.output = nn.Parameter(torch.randn(shapes["output"]) * hidden**-0.5)
        self.request = nn.Parameter(torch.zeros(shapes["request"]))
        self.request_bias = nn.Parameter(torch.zeros(shapes["request_bias"]))
        self.register_buffer("affect", torch.tensor([(m.valence, m.arousal) for m in MOODS]), persistent=False)
        content = [hashed(item) for item in items]
        lengths = [0] * FIRST + [len(buckets) for buckets, _ in content]
        offsets = list(itertools.accumulate(lengths[:-1], initial=0))
        self.register_buffer("_offsets", torch.tensor(offsets), persistent=False)
        self.register_buffer("_buckets", _joined([b for b, _ in content]).long(), persistent=False)
        self.register_buffer("_values", _joined([v for _, v in content]).float(), persistent=False)

    def vectors(self, id_dropout: float = 0.0) -> Tensor:
        """Item vectors (rows, d): the id's part and the content's; some items go without their id's for a batch."""
        return self._put_together(self.ids, self._offsets, self._buckets, self._values, id_dropout)

    def vectors_at(self, rows: Tensor, id_dropout: float = 0.0) -> Tensor:
        """The vectors (n, d) of some rows (n,) alone, which begin with the two that are no item."""
        lengths = torch.diff(self._offsets, append=self._offsets.new_tensor([len(self._buckets)]))[rows]
        offsets = lengths.cumsum(0) - lengths
        at = torch.arange(int(lengths.sum()), device=rows.device)
        at += (self._offsets[rows] - offsets).repeat_interleave(lengths)
        return self._put_together(self.ids[rows], offsets, self._buckets[at], self._values[at], id_dropout)

    def _put_together(self, ids: Tensor, offsets: Tensor, buckets: Tensor, values: Tensor, id_dropout: float) -> Tensor:
        content = nn.functional.embedding_bag(buckets, self.projection, offsets, mode="sum", per_sample_weights=values)
        if id_dropout == 0.0:
            return ids + content
        kept = torch.rand(len(ids), 1, device=ids.device) >= id_dropout
        kept[:FIRST] = True
        return ids * kept + content

    def parameters_with(self, vectors: Tensor) -> dict[str, Tensor]:
        """The encoder's parameters under the names of `model.encoder`."""
        return {
            "vectors": vectors,
            **{name: getattr(self.gru, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")},
            "kinds": self.kinds,
            "moods": self.moods,
            "affect": self.affect,
            "gate": self.gate,
            "output": self.output,
            "request": self.request,
            "request_bias": self.request_bias,
        }

    def held(self) -> dict[str, Tensor]:
        """A copy of all weights as they are, for `load_state_dict` to come back to."""
        return {name: value.detach().clone() for name, value in self.state_dict().items()}

    def states(self, parameters: dict[str, Tensor], tokens: Tokens, dropout: float = 0.0) -> Tensor:
        """The states before and after each token, (B, T + 1, H): what `encoder.sequence` defines, made quicker.

        On CUDA by the fused kernel of torch's GRU; on a CPU by `batch.recurrence`, which is the faster one there.
        """
        inputs = self.dropped(encoder.inputs(parameters, tokens), dropout)
        if inputs.is_cuda:
            states, _ = self.gru(inputs)
        else:
            of_input = nn.functional.linear(inputs, parameters["weight_ih"], parameters["bias_ih"])
            states = recur(of_input.transpose(0, 1), parameters["weight_hh"], parameters["bias_hh"]).transpose(0, 1)
        return nn.functional.pad(states, (0, 0, 1, 0))

    def dropped(self, values: Tensor, dropout: float) -> Tensor:
        """In training the values without this share of them, the others scaled up for it (dropout)."""
        if values.is_cuda or not self.training or not dropout:
            return nn.functional.dropout(values, dropout, self.training)
        kept = torch.rand_like(values) >= dropout  # five times as quick as torch's own, which draws bit by bit
        return values * (kept / (1 - dropout))


def _joined(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays)) if arrays else torch.zeros(0)
