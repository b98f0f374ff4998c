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
    """The mean over the batch's events, in nats; over a sample of the items where the plan says so.

    The plan's `smoothing` is of the labels (C. Szegedy et al., 2016, arXiv:1512.00567): that share of each target lies
    evenly on all items, those that the user has had included.
    """
    device = network.ids.device
    id_dropout = plan.id_dropout if network.training else 0.0
    tokens = Tokens(*(torch.from_numpy(column).to(device) for column in batch.tokens))
    target = torch.from_numpy(batch.target).to(device).long()
    if len(network.ids) > plan.sampled_above:
        drawn = torch.randint(FIRST, len(network.ids), (plan.sample,), device=device)
        first = torch.arange(FIRST, device=device)
        # only these items' vectors are made; rows are numbered among them
        rows, places = torch.unique(torch.cat([first, drawn, target, tokens.item.flatten()]), return_inverse=True)
        drawn, target, item = places[FIRST:].split([len(drawn), len(target), tokens.item.numel()])
        tokens = tokens._replace(item=item.view(tokens.item.shape))
        parameters = network.parameters_with(network.vectors_at(rows, id_dropout))
        with half(device):
            queries = _queries(network, parameters, tokens, batch, plan)
            args = queries, parameters["vectors"], network.bias[rows], target, drawn, len(network.ids)
            return _sampled_loss(*args, plan.smoothing)
    parameters = network.parameters_with(network.vectors(id_dropout))
    with half(device):
        queries = _queries(network, parameters, tokens, batch, plan)
        scores = queries @ parameters["vectors"].T + network.bias
    left_out = torch.zeros_like(scores, dtype=torch.bool) if plan.again else _had(batch, len(network.ids), device)
    left_out.scatter_(1, target[:, None], False)
    left_out[:, :FIRST] = True
    scores = scores.masked_fill_(left_out, float(NEVER))
    above = _above(scores.gather(1, target[:, None]), queries, parameters["vectors"][FIRST:], network.bias[FIRST:])
    return nn.functional.cross_entropy(scores, target) + plan.smoothing * above


def _queries(network: Network, parameters: dict[str, Tensor], tokens: Tokens, batch: Batch, plan: Plan) -> Tensor:
    """The users' embeddings (N, d) just before the batch's events."""
    device = network.ids.device
    after, gap, mood = (torch.from_numpy(column).to(device) for column in (batch.after, batch.gap, batch.mood))
    with torch.autocast(device.type, enabled=False):
        states = network.states(parameters, tokens, plan.dropout)
    hidden = network.dropped(states.flatten(0, 1)[after], plan.dropout)
    return torch.as_tensor(encoder.query(parameters, hidden, gap, mood))


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
    had: Tensor = first.view(windows, rows).short()[events // (length + 1)] <= (events % (length + 1)).short()[:, None]
    return had


def _sampled_loss(
    queries: Tensor, vectors: Tensor, bias: Tensor, target: Tensor, drawn: Tensor, rows: int, smoothing: float
) -> Tensor:
    """The softmax over `rows` with its denominator from uniform `drawn` ones (Y. Bengio and J.-S. Senécal, 2008)."""
    others = queries @ vectors[drawn].T + bias[drawn] + float(np.log((rows - FIRST) / len(drawn)))
    others = others.masked_fill(drawn[None, :] == target[:, None], float(NEVER))
    own = (queries * vectors[target]).sum(dim=-1) + bias[target]
    surprised = torch.logsumexp(torch.cat([own[:, None], others], dim=1), dim=1) - own
    return surprised.mean() + smoothing * _above(own, queries, vectors[drawn], bias[drawn])


def _above(own: Tensor, queries: Tensor, vectors: Tensor, bias: Tensor) -> Tensor:
    """How far the targets' `own` scores stand above those of the items with these vectors (n, d), on average."""
    return own.mean() - queries.mean(dim=0) @ vectors.mean(dim=0) - bias.mean()
