"""How fast training goes on this machine, and how much of its time is the model: `make bench-train`.

It takes under a minute where nobody else wants the cores.
Baseline: the one definition of the recurrence, `model.encoder.sequence`, step by step; beside it torch's GRU kernel,
and what training uses here. All take the same batches of a made-up log: 300 users of some 100 events, 1,700 items.
"""

import json
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from batch.epoch import optimizer_of, step_of
from batch.log import Log
from batch.moods import Moods
from batch.network import Network
from batch.plan import Plan
from batch.sequences import Sequences, batches, sequences_of
from batch.world import device_of
from model import encoder
from model.index import FIRST, ItemIndex
from model.items import Item
from model.tokens import Tokens

ITEMS: Final = 1700
USERS: Final = 300
LENGTH: Final = 100
WARM: Final = 2

States = Callable[[dict[str, Tensor], Tokens, float], Tensor]


def step_by_step(network: Network) -> States:
    """`Network.states` by the one definition of the maths."""

    def states(parameters: dict[str, Tensor], tokens: Tokens, dropout: float = 0.0) -> Tensor:
        return nn.functional.pad(encoder.sequence(parameters, tokens), (0, 0, 1, 0))

    return states


def by_torch(network: Network) -> States:
    """`Network.states` by torch's own kernel."""

    def states(parameters: dict[str, Tensor], tokens: Tokens, dropout: float = 0.0) -> Tensor:
        inputs = nn.functional.dropout(encoder.inputs(parameters, tokens), dropout)
        return nn.functional.pad(network.gru(inputs)[0], (0, 0, 1, 0))

    return states


def made_up() -> tuple[tuple[Item, ...], Sequences]:
    """Users of geometric length over items of Zipf's popularity, a minute apart."""
    rng = np.random.default_rng(0)
    items = tuple(Item(f"i{number}", f"Number {number % 97} {number % 89}") for number in range(ITEMS))
    lengths = rng.geometric(1 / LENGTH, USERS)
    count = int(lengths.sum())
    log = Log(
        user=np.repeat(np.arange(USERS), lengths).astype(str).astype(np.object_),
        item=np.array([f"i{number % ITEMS}" for number in rng.zipf(1.3, count)], np.object_),
        kind=np.zeros(count, np.int32),
        weight=np.ones(count, np.float32),
        mood=np.zeros(count, np.int32),
        time=np.arange(count, dtype=np.int64) * 60_000,
        value=np.full(count, np.nan),
        context=np.full(count, None, np.object_),
        shown=np.full(count, None, np.object_),
    )
    return items, sequences_of(log, ItemIndex(item.item_id for item in items))


def measure(plan: Plan, states: Callable[[Network], States] | None, count: int) -> dict[str, float]:
    """Examples a second over `count` batches, and the share of the time in forward, backward and optimizer."""
    items, sequences = made_up()
    torch.manual_seed(0)
    network = Network(items, plan.hidden, plan.dim, np.ones(sequences.rows, np.float32)).to(device_of(plan))
    if states is not None:
        setattr(network, "states", states(network))  # noqa: B010 (a method of one network)
    optimizer = optimizer_of(network, plan)
    moods = Moods(np.zeros((len(items) + FIRST, 2), np.float32), plan.mood_said, plan.mood_asked)
    network.train()
    epoch = batches(sequences, moods, np.random.default_rng(0), plan.tokens, plan.unknown)[1]
    examples, prepared, modelled = 0, 0.0, 0.0
    for number in range(count + WARM):
        started = time.perf_counter()
        batch = next(epoch)
        ready = time.perf_counter()
        step_of(network, optimizer, batch, plan)  # reading the loss waits for the device
        if number >= WARM:
            examples += len(batch.target)
            prepared += ready - started
            modelled += time.perf_counter() - ready
    return {
        "examples_a_second": round(examples / (prepared + modelled)),
        "share_in_the_model": round(modelled / (prepared + modelled), 4),
    }


def main() -> None:
    """Measure the three and print them, with what training's own is worth against the others."""
    plan = Plan(tokens=1024)
    torch.set_num_threads(plan.threads)
    found = {
        "step_by_step": measure(plan, step_by_step, 3),
        "torch_gru": measure(plan, by_torch, 8),
        "training": measure(plan, None, 8),
    }
    own = found["training"]["examples_a_second"]
    ratios = {f"training_over_{name}": round(own / one["examples_a_second"], 2) for name, one in found.items()}
    print(json.dumps({"device": str(device_of(plan)), "threads": plan.threads, **found, **ratios}, indent=2))


if __name__ == "__main__":
    main()
