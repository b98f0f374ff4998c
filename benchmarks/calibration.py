"""How well the stated probabilities agree with what is then taken: `make bench-calibration ARGS=…`.

A plain log is learned up to its last fifth. Then each user of that fifth asks for ten items once in 40 minutes, as
often as they have events there. What they click on follows a stated click model (examination by position, Richardson et
al., 2007): the item at place k, counted from 0, is looked at with probability (1 + k)^-0.7; one that is looked at is
clicked with probability 0.9 if the user really takes it in the last fifth, else 0.02. Impressions and clicks go through
the learner. Each probability is stated before the outcome is known, by what the calibrator had learned until then.

Baselines: the scores' sigmoid, their softmax over the page, and the share that is taken, known beforehand.
"""

import argparse
import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.dataset import read_events
from batch.reliability import reliability
from batch.replay import Replay, in_order, is_target
from contracts.events import Context, Impression, Interaction, Shown
from model import bundle
from online.answer.asked import Ask
from online.learn.calibration import Calibration, sigmoid
from online.store.memory import MemoryStore
from online.store.protocol import Store

PAGE: Final = 10
EVERY_MS: Final = 40 * 60 * 1000
LOOKED_AT: Final = 0.7
CLICKED, CLICKED_BY_CHANCE = 0.9, 0.02


class Stated(NamedTuple):
    """One page: scores and stated probabilities (10,), None before there was a calibrator, and what was clicked."""

    scores: NDArray[np.float64]
    calibrated: NDArray[np.float64] | None
    taken: NDArray[np.bool_]


class World:
    """Users who ask and click."""

    def __init__(self, replay: Replay, store: Store, tastes: Mapping[str, set[str]], rng: random.Random) -> None:
        self._replay = replay
        self._store = store
        self._tastes = tastes
        self._rng = rng

    async def visit(self, user: str, now: int, name: str) -> Stated | None:
        """One page and the clicks on it; None where nothing could be shown."""
        answer = await self._replay.ask(Ask(user_id=user, n=PAGE), now)
        if not answer.items:
            return None
        scores = np.array([item.score for item in answer.items])
        calibration = Calibration.of(await self._store.calibrators())
        stated = calibration.probability(scores, np.arange(len(scores))) if calibration else None
        shown = [Shown(item.item_id, place, item.score, 1.0) for place, item in enumerate(answer.items)]
        taken = np.array([self._clicked(user, one) for one in shown])
        page = Impression(event_id=name, time=now, user_id=user, request_id=name, bundle="", shown=shown)
        clicks = [one.item_id for one, clicked in zip(shown, taken, strict=True) if clicked]
        clicked = [_click(user, item, now + 1000 * n, name) for n, item in enumerate(clicks, 1)]
        await self._replay.learn(cast("Any", [page, *clicked]))
        return Stated(scores, stated, taken)

    def _clicked(self, user: str, one: Shown) -> bool:
        if self._rng.random() > (1 + one.position) ** -LOOKED_AT:
            return False
        return self._rng.random() < (CLICKED if one.item_id in self._tastes[user] else CLICKED_BY_CHANCE)


def _click(user: str, item: str, time: int, request: str) -> Interaction:
    context = Context(request_id=request)
    return Interaction(event_id=f"{request}-{item}", time=time, user_id=user, item_id=item, context=context)


async def simulate(log: Sequence[Interaction], folder: Path, part: tuple[float, float], most: int) -> list[Stated]:
    """All pages, in order, of the users of this part of the log, at most so many."""
    first, last = (int(share * len(log)) for share in part)
    tastes: defaultdict[str, set[str]] = defaultdict(set)
    visits: defaultdict[str, int] = defaultdict(int)
    for event in log[first:last]:
        tastes[event.user_id].add(event.item_id)
        visits[event.user_id] += 1
    store = MemoryStore()
    replay = await Replay.on(bundle.read(folder), store)
    await replay.learn(log[:first])
    world = World(replay, store, tastes, random.Random(1))
    rounds = [(turn, user) for user, times in visits.items() for turn in range(times)]
    pages = []
    for number, (turn, user) in enumerate(sorted(rounds)[:most]):
        pages.append(await world.visit(user, log[first].time + EVERY_MS * turn, f"page-{number}"))
    return [page for page in pages if page]


def report(pages: Sequence[Stated]) -> dict[str, object]:
    """Log-loss and ECE of the calibrated probabilities and of the baselines, on the pages that have both."""
    known = [page for page in pages if page.calibrated is not None]
    taken = np.concatenate([page.taken for page in known])
    rate = float(taken.mean())
    softmax = [np.exp(page.scores - page.scores.max()) for page in known]
    stated = {
        "sigmoid": np.concatenate([sigmoid(page.scores) for page in known]),
        "softmax": np.concatenate([page / page.sum() for page in softmax]),
        "base_rate": np.full(len(taken), rate),
        "calibrated": np.concatenate([page.calibrated for page in known if page.calibrated is not None]),
    }
    figures: dict[str, object] = {
        "showings": len(taken),
        "taken": round(rate, 4),
        "pages_before_a_calibrator": len(pages) - len(known),
    }
    for name, one in stated.items():
        found = reliability(one, taken)
        figures[name] = {"log_loss": round(found.log_loss, 4), "ece": round(found.ece, 4)}
    return figures


def main() -> None:
    """Simulate, measure, print."""
    parser = argparse.ArgumentParser(prog="make bench-calibration ARGS=…", description=__doc__)
    parser.add_argument("--events", type=Path, required=True, help="a log in the plain form")
    parser.add_argument("--bundle", type=Path, required=True, help="the folder of a bundle trained on its first 80%%")
    parser.add_argument("--part", type=float, nargs=2, default=(0.8, 1.0), help="the part of the log that asks")
    parser.add_argument("--pages", type=int, default=5000, help="at most so many")
    chosen = parser.parse_args()
    log = [event for event in in_order(read_events(chosen.events), 0) if is_target(event)]
    with threadpool_limits(1):
        pages = asyncio.run(simulate(log, chosen.bundle, chosen.part, chosen.pages))
    print(json.dumps(report(pages), indent=2))


if __name__ == "__main__":
    main()
