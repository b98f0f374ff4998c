"""One pass over the users' sequences: what training from scratch, fine-tuning and the benchmark have in common."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn, optim

from batch.checkpoint import take_chance
from batch.loss import surprise
from batch.moods import Moods
from batch.network import Network
from batch.plan import Plan
from batch.sequences import Batch, Sequences, batches, part_of
from batch.world import ALONE, World

Rate = Callable[[float], float]
"""The learning rate when this share of the pass is done."""
Step = Callable[[int, int, float], None]
"""Told of each batch: its number from 1, how many there are, its loss in nats an event."""

_RISE: Final = 0.1


class Behind(NamedTuple):
    """How far an epoch was when it was interrupted."""

    batches: int
    """Done."""
    chance: Tensor
    """Where torch's random numbers stood then."""


def cycle(highest: float, epoch: int, epochs: int) -> Rate:
    """The rate within `epoch` of `epochs`, over which it rises and falls once (L. N. Smith, 2018, arXiv:1803.09820)."""

    def rate(part: float) -> float:
        done = (epoch + part) / epochs
        return highest * (done / _RISE if done < _RISE else (1 - done) / (1 - _RISE))

    return rate


def fall(highest: float, epoch: int, epochs: int) -> Rate:
    """The rate within `epoch` of `epochs`, over which it falls to nothing."""
    return lambda part: highest * (1 - (epoch + part) / epochs)


def optimizer_of(network: Network, plan: Plan) -> optim.AdamW:
    """AdamW (I. Loshchilov and F. Hutter, 2019, arXiv:1711.05101)."""
    return optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.decay, fused=True)


def run_epoch(
    network: Network,
    optimizer: optim.Optimizer,
    sequences: Sequences,
    moods: Moods,
    plan: Plan,
    rate: Rate,
    seed: Sequence[int],
    step: Step,
    world: World = ALONE,
    since: int = 0,
    behind: Behind | None = None,
    replayed: float = 0.0,
) -> None:
    """Train on every event once; the same for the same seed and the same network, whatever was run before.

    In a world of several each takes its share of every batch, and the shares' gradients are added up. Of users who did
    nothing after place `since` of the log nothing is trained on, but for some drawn at random: `replayed` times as many
    windows as the others have. An epoch that was interrupted goes on `behind` what was done of it, and ends as if it
    hadn't been.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(int(rng.integers(1 << 31)))
    network.train()
    plan = plan.for_log(len(sequences.place))
    count, epoch = batches(sequences, moods, rng, plan.tokens, plan.unknown, since, replayed)
    done = behind.batches if behind else 0
    if behind:
        deque(islice(epoch, done), maxlen=0)  # made again, for what they draw
        take_chance(behind.chance, network.ids.device)
    for number, batch in enumerate(epoch, done + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate((number - 1) / count)
        step(number, count, step_of(network, optimizer, batch, plan, world))


def step_of(network: Network, optimizer: optim.Optimizer, batch: Batch, plan: Plan, world: World = ALONE) -> float:
    """Move the network by one batch, or by this process's share of it together with the others'; the batch's loss."""
    optimizer.zero_grad(set_to_none=True)
    share = part_of(batch, world.rank, world.size) if world.size > 1 else batch
    loss = 0.0
    if len(share.target):
        surprised = surprise(network, share, plan) * (len(share.target) / len(batch.target))
        surprised.backward()  # type: ignore[no-untyped-call]
        loss = float(surprised.detach())
    loss = world.add_up(network, loss)
    nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
    optimizer.step()
    return loss
