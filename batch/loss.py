"""What training makes small: the surprise at each next event, among the items that its user has not had."""

import numpy as np
import torch
from torch import Tensor, nn

from batch.network import Network
from batch.plan import Plan
from batch.sequences import Batch
from model import encoder
from model.index import FIRST
from model.scoring import NEVER
from model.tokens import Tokens


def surprise(network: Network, batch: Batch, plan: Plan) -> Tensor:
    """The mean over the batch's events, in nats; over a sample of the items where the plan says so."""
    device = network.ids.device
    vectors = network.vectors(plan.id_dropout if network.training else 0.0)
    parameters = network.parameters_with(vectors)
    tokens = Tokens(*(torch.from_numpy(column).to(device) for column in batch.tokens))
    after, gap, mood, target = (
        torch.from_numpy(column).to(device) for column in (batch.after, batch.gap, batch.mood, batch.target)
    )
    states = network.states(parameters, tokens, plan.dropout)
    hidden = states.reshape(-1, states.shape[-1])[after]
    hidden = nn.functional.dropout(hidden, plan.dropout, network.training)
    target = target.long()
    with half(device):
        queries = encoder.query(parameters, hidden, gap, mood)
        if len(vectors) > plan.sampled_above:
            return _sampled_loss(queries, vectors, network.bias, target, plan.sample)
        scores = queries @ vectors.T + network.bias
    left_out = torch.zeros_like(scores, dtype=torch.bool) if plan.repeats else _had(batch, len(vectors), device)
    left_out.scatter_(1, target[:, None], False)
    left_out[:, :FIRST] = True
    return nn.functional.cross_entropy(scores.masked_fill(left_out, float(NEVER)), target)


def half(device: torch.device) -> torch.autocast:
    """Mixed precision for the products over all items, on CUDA: bfloat16, with sums in float32.

    The recurrence stays in float32 (cuDNN makes it TF32's): its errors would add up over a long history.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def _had(batch: Batch, rows: int, device: torch.device) -> Tensor:
    """Whether (N, rows) an event's user had had the item by then."""
    windows, length = batch.tokens.item.shape
    window, row, after = (torch.from_numpy(column).to(device) for column in batch.had)
    first = torch.full((windows * rows,), 2 * length + 2, dtype=torch.int32, device=device)
    first.scatter_reduce_(0, window * rows + row, after.int(), "amin")
    events = torch.from_numpy(batch.after).to(device)
    had: Tensor = first.view(windows, rows)[events // (length + 1)] <= (events % (length + 1)).int()[:, None]
    return had


def _sampled_loss(queries: Tensor, vectors: Tensor, bias: Tensor, target: Tensor, count: int) -> Tensor:
    """The softmax with its denominator estimated from `count` uniform items (Y. Bengio and J.-S. Senécal, 2008)."""
    items = len(vectors) - FIRST
    drawn = torch.randint(FIRST, len(vectors), (count,), device=queries.device)
    others = queries @ vectors[drawn].T + bias[drawn] + float(np.log(items / count))
    others = others.masked_fill(drawn[None, :] == target[:, None], float(NEVER))
    own = (queries * vectors[target]).sum(dim=-1) + bias[target]
    return (torch.logsumexp(torch.cat([own[:, None], others], dim=1), dim=1) - own).mean()
