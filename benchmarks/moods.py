"""What it is worth to be told the mood: `make bench-moods`, under three minutes.

Users of `benchmarks.moods_world`, whose tastes shift with mood by a stated strength, leave a log. Its first 80% train a
small bundle; before each interaction of the rest the real path answers, then it learns. HR@10 and NDCG@10 over all
items that the user hasn't had, with intervals over users drawn again, for three systems on the same events:

- told: moods are in the log and in the requests
- told_later: the bundle was trained on the log without moods, as where nobody could say one so far
- silent: the baseline, the same log with the moods removed from events, contexts and requests

The paired gain of the first two over the last is the claim. At strength 0 moods say nothing: `told` must gain nothing.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.evaluate.placed import SERVED, in_answer
from batch.log import of_events
from batch.measures import GAINS, Drawn, Measure, gains
from batch.plan import Plan
from batch.replay import Replay, UserEvent, ask_of, is_target
from batch.train import train_on
from benchmarks.moods_world import World, silent, simulate
from model.bundle import Bundle
from model.items import Item

TRAINED: Final = 0.8
PLAN: Final = Plan(hidden=64, dim=48, epochs=4, final_epochs=1, threads=1)
METRICS: Final = ("hr@10", "ndcg@10")
TOLD, LATER, SILENT = "told", "told_later", "silent"

Ranks = NDArray[np.int64]
Found = dict[str, dict[str, Measure]]


def measure(world: World, plan: Plan = PLAN) -> Found:
    """The three systems' metrics and their paired gains over the silent one."""
    items, log = simulate(world)
    cut = int(len(log) * TRAINED)
    head, tail = log[:cut], log[cut:]
    told, untold = _trained(head, items, plan), _trained(silent(head), items, plan)
    users = np.array([int(event.user_id[1:]) for event in tail if is_target(event)], np.int64)
    ranks = {
        TOLD: ranks_of(told, head, tail),
        LATER: ranks_of(untold, silent(head), tail),
        SILENT: ranks_of(untold, silent(head), silent(tail)),
    }
    return compared(ranks, users, SILENT)


def ranks_of(bundle: Bundle, head: Sequence[UserEvent], tail: Sequence[UserEvent]) -> Ranks:
    """Where each interaction's item (n,) stood in the answer just before it."""
    with threadpool_limits(1):
        return asyncio.run(_ranks(bundle, head, tail))


async def _ranks(bundle: Bundle, head: Sequence[UserEvent], tail: Sequence[UserEvent]) -> Ranks:
    replay = await Replay.on(bundle)
    await replay.learn(head)
    ranks = []
    for event in tail:
        if is_target(event):
            ranks.append(in_answer(await replay.ask(ask_of(event, SERVED), event.time), event.item_id).rank)
        await replay.learn([event])
    return np.array(ranks, np.int64)


def compared(ranks: Mapping[str, Ranks], users: NDArray[np.int64], baseline: str) -> Found:
    """Each system's metrics with intervals, and its paired gain over the baseline; event i is of user `users[i]`."""
    drawn = Drawn(
        ((f"{name} {metric}", gains(of)[:, GAINS.index(metric)]) for name, of in ranks.items() for metric in METRICS),
        users,
    )
    found: Found = {}
    for name in ranks:
        found[name] = {metric: drawn.mean(f"{name} {metric}") for metric in METRICS}
        if name != baseline:
            gained = {metric: drawn.difference(f"{name} {metric}", f"{baseline} {metric}") for metric in METRICS}
            found[name] |= {f"gain of {metric}": measure for metric, measure in gained.items()}
    return found


def holds(strength: float, found: Found) -> bool:
    """Whether being told gains surely where moods count, and doesn't where they say nothing."""
    sure = [found[TOLD][f"gain of {metric}"].low > 0 for metric in METRICS]
    return all(sure) if strength > 0 else not any(sure)


def _trained(head: Sequence[UserEvent], items: tuple[Item, ...], plan: Plan) -> Bundle:
    return train_on(of_events(head), items, plan, now_ms=head[-1].time)


def main() -> None:
    """Simulate, measure, print; fail where a claim doesn't hold."""
    parser = argparse.ArgumentParser(prog="make bench-moods ARGS=…", description=__doc__)
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.0, 2.0], help="how much a mood counts")
    parser.add_argument("--users", type=int, default=World.users)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    held = True
    for strength in chosen.strengths:
        found = measure(World(strength, users=chosen.users, seed=chosen.seed))
        print(table(f"strength {strength:g}", found), flush=True)
        held &= holds(strength, found)
    print("holds" if held else "DOES NOT HOLD")
    sys.exit(not held)


def table(title: str, found: Found) -> str:
    """The figures, with their intervals, in lines of text."""
    lines = [title]
    for name, of in found.items():
        cells = [f"{metric} {m.mean:+.4f} [{m.low:+.4f}, {m.high:+.4f}]" for metric, m in of.items()]
        lines.append(f"  {name:24}" + "  ".join(cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
