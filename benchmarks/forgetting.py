"""What fine-tunes forget of users who stayed away, and what guards it: `python -m benchmarks.forgetting FOLDER [RATE]`.

On the first 80% of MovieLens-100K (FOLDER has the plain form, as `moodstream demo` leaves it). A network is trained on
what comes before the last fifth of that, and then fine-tuned over it in several nights, each on the users of its own
events. Of users who did nothing in those nights, the last events before them were held out from all of it: what is
foretold of these afterwards is what was not forgotten. Baseline: the network before the nights.
"""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from batch import holdout, movielens
from batch.assemble import counts_of
from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from batch.epoch import cycle, fall, optimizer_of, run_epoch
from batch.fine_tune import RATE
from batch.log import Log, of_events
from batch.network import Network
from batch.plan import Plan
from batch.training_set import TrainingSet, training_set

NIGHTS: Final = 5
EPOCHS: Final = 8
SEEDS: Final = (1, 2)
_LAST: Final = 5
"""Events of each user who stays away that are held out."""
_TESTED: Final = 0.2
"""Of the nights' events, the last part, which no night learns from: the new segment."""


class World(NamedTuple):
    """A log with the places that are held out."""

    of: TrainingSet
    """Without what is held out of users who stayed away."""
    whole: TrainingSet
    away: NDArray[np.int64]
    """Places in the whole log."""
    begin: int
    """Of the nights, in the log without what is held out."""
    end: int
    """Of what nights learn from."""


class Found(NamedTuple):
    """NDCG@10 of a network."""

    away: float
    """On users who stayed away."""
    new: float
    """On what came after the nights."""


def world(folder: Path, plan: Plan) -> World:
    """The training part of the data set, cut."""
    events = read_events(folder / movielens.EVENTS)
    log = of_events(events[: int(0.8 * len(events))])
    items = catalogue_of(read_items(folder / movielens.ITEMS))
    cut = int(0.8 * len(log.time))
    came = set(log.user[cut:].tolist())
    away: list[int] = []
    of_user: dict[str, list[int]] = {}
    for place, user in enumerate(log.user[:cut].tolist()):
        if user not in came:
            of_user.setdefault(user, []).append(place)
    for places in of_user.values():
        away += places[-_LAST:]
    kept = np.ones(len(log.time), np.bool_)
    kept[away] = False
    part = Log._make(column[kept] for column in log)
    begin = int(kept[:cut].sum())
    end = begin + int((1 - _TESTED) * (len(part.time) - begin))
    whole, of = training_set(log, items, plan), training_set(part, items, plan)
    return World(of, whole, np.array(sorted(away)), begin, end)


def trained(on: World, plan: Plan) -> Network:
    """On what comes before the nights."""
    torch.manual_seed(plan.seed)
    head = on.of.until(on.begin)
    network = Network(on.of.items, plan.hidden, plan.dim, counts_of(head))
    optimizer = optimizer_of(network, plan)
    for epoch in range(EPOCHS):
        rate = cycle(plan.rate, epoch, EPOCHS)
        run_epoch(network, optimizer, head, on.of.moods, plan, rate, [0, epoch], lambda *_: None)
    return network


def measured(network: Network, on: World) -> Found:
    """On both segments; users who stayed away are told by the places of their last events."""
    ranks = holdout.ranks(network, on.of.sequences, on.end)
    away = on.whole.sequences
    only = away._replace(target=away.target & np.isin(away.place, on.away))
    return Found(holdout.quality(holdout.ranks(network, only, 0)).ndcg, holdout.quality(ranks).ndcg)


Guard = Callable[[Network, dict[str, torch.Tensor], float], None]


def pulled(strength: float) -> Guard:
    """Regularised to the last weights: each step goes so much of the way back, as weight decay goes to zero."""

    def back(network: Network, before: dict[str, torch.Tensor], rate: float) -> None:
        with torch.no_grad():
            for name, value in network.named_parameters():
                value.lerp_(before[name], min(1.0, rate * strength))

    return back


def nights(
    network: Network, on: World, plan: Plan, replayed: float, guard: Guard | None, share: float, seed: int
) -> Network:
    """Fine-tuned night after night at this share of the plan's rate, each on the users of its own events."""
    edges = np.linspace(on.begin, on.end, NIGHTS + 1).astype(int).tolist()
    for number, (start, stop) in enumerate(pairwise(edges)):
        optimizer, before = optimizer_of(network, plan), network.held()
        rate = fall(share * plan.rate, 0, 1)

        def step(done: int, of: int, loss: float, before: dict[str, torch.Tensor] = before) -> None:
            if guard:
                guard(network, before, share * plan.rate * (1 - done / of))

        run_epoch(
            network,
            optimizer,
            on.of.until(stop),
            on.of.moods,
            plan,
            rate,
            [seed, number],
            step,
            since=start,
            replayed=replayed,
        )
    return network


def main() -> None:
    """Print the table."""
    plan = Plan(threads=1, device="cpu").for_log(64_000)
    torch.set_num_threads(1)
    on = world(Path(sys.argv[1]), plan)
    base = trained(on, plan).held()
    print(
        f"{len(on.away):,} events of users who stayed away; {NIGHTS} nights of {(on.end - on.begin) // NIGHTS:,} events"
    )
    print(f"{'':34}{'stayed away':>12}{'new':>8}")
    ways: list[tuple[str, float, Guard | None]] = [
        ("only the night's users", 0.0, None),
        *((f"and {more:g} times as many of others", more, None) for more in (0.25, 1.0)),
        *((f"pulled back, {strength:g}", 0.0, pulled(strength)) for strength in (20.0,)),
        ("everybody", 1e9, None),
    ]

    def fresh() -> Network:
        network = Network(on.of.items, plan.hidden, plan.dim, counts_of(on.of.until(on.begin)))
        network.load_state_dict(base)
        return network

    print(f"{'before the nights':34}{'{:12.4f}{:8.4f}'.format(*measured(fresh(), on))}", flush=True)
    share = float(sys.argv[2]) if len(sys.argv) > 2 else RATE
    for name, replayed, guard in ways:
        found = [measured(nights(fresh(), on, plan, replayed, guard, share, seed), on) for seed in SEEDS]
        away, new = np.mean(found, axis=0)
        print(f"{name:34}{away:12.4f}{new:8.4f}", flush=True)


if __name__ == "__main__":
    main()
