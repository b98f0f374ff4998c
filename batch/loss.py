"""What training makes small: the surprise at each next event, among the items that its user has not had."""

import numpy as np
import torch
from torch import Tensor, nn

from batch.network import Network
from batch.sequences import Batch
from model import encoder
from model.index import FIRST
from model.scoring import NEVER
from model.tokens import Tokens


def surprise(network: Network, batch: Batch, dropout: float, id_dropout: float, whole: int, sample: int) -> Tensor:
    """The mean over the batch's events, in nats; beyond `whole` rows of items the softmax is over a `sample`."""
    device = network.ids.device
    vectors = network.vectors(id_dropout)
    parameters = network.parameters_with(vectors)
    tokens = Tokens(*(torch.from_numpy(column).to(device) for column in batch.tokens))
    after, gap, mood, target = (
        torch.from_numpy(column).to(device) for column in (batch.after, batch.gap, batch.mood, batch.target)
    )
    states = network.states(parameters, tokens, dropout)
    hidden = states.reshape(-1, states.shape[-1])[after]
    hidden = nn.functional.dropout(hidden, dropout, network.training)
    queries = encoder.query(parameters, hidden, gap, mood)
    target = target.long()
    if len(vectors) > whole:
        return _sampled_loss(queries, vectors, network.bias, target, sample)
    scores = queries @ vectors.T + network.bias
    windows = torch.from_numpy(batch.first).to(device)
    length = tokens.item.shape[1] + 1
    had = windows[after // length] <= (after % length)[:, None]
    had.scatter_(1, target[:, None], False)
    had[:, :FIRST] = True
    return nn.functional.cross_entropy(scores.masked_fill(had, float(NEVER)), target)


def _sampled_loss(queries: Tensor, vectors: Tensor, bias: Tensor, target: Tensor, count: int) -> Tensor:
    """The softmax with its denominator estimated from `count` uniform items (Y. Bengio and J.-S. Senécal, 2008)."""
    items = len(vectors) - FIRST
    drawn = torch.randint(FIRST, len(vectors), (count,), device=queries.device)
    others = queries @ vectors[drawn].T + bias[drawn] + float(np.log(items / count))
    others = others.masked_fill(drawn[None, :] == target[:, None], float(NEVER))
    own = (queries * vectors[target]).sum(dim=-1) + bias[target]
    return (torch.logsumexp(torch.cat([own[:, None], others], dim=1), dim=1) - own).mean()
