"""Events learned and answers given a CPU second, beside river's and implicit's: `python -m benchmarks.learning`.

All on the same made-up events, in one process, one after the other and again; the store is a dictionary. River's
`BiasedMF` takes a step of two vectors an event and ranks the catalogue by a prediction an item; implicit's ALS solves a
user's factors anew from all that they took, and ranks by them. Ours decodes the event, enriches it, keeps history,
filter and counts, and steps a GRU; its answer takes candidates from a dozen sources, ranks them and makes them diverse.
They don't do the same: the ratio says what that costs.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from river import reco
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from benchmarks.event_log import ITEMS, made_up
from benchmarks.filled import DIM, HIDDEN
from benchmarks.in_memory import InMemory, users_of
from benchmarks.result import REPEATS, Measured
from benchmarks.shown import show
from contracts.events import Interaction, UserEvent
from contracts.kinds import weight
from moodstream.console import bar
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import World

EVENTS: Final = 5_000
_USERS: Final = 500
_RANKINGS: Final = 100
_RANKED: Final = 10
"""By river, which takes its time."""
_N: Final = 10


def run(repeats: int = REPEATS, count: int = EVENTS) -> list[Measured]:
    """Half of the events warm everything up."""
    log = list(made_up(2 * count, _USERS))
    with threadpool_limits(1), bar("learning and ranking", repeats, "repeats") as told:
        rounds = []
        for number in range(repeats):
            rounds.append(asyncio.run(one_round(log[:count], log[count:])))
            told(number + 1, ", ".join(f"{name} {per_s:,.0f}/s" for name, per_s in rounds[-1].items()))
    return [
        _measured("learning over river", "events learned", rounds, "learn", "river learn", "river's BiasedMF"),
        _measured(
            "learning over implicit", "events learned", rounds, "learn", "fold in", "a fold-in by implicit's ALS"
        ),
        _measured("ranking over river", "answers of 10", rounds, "answer", "river rank", "river's BiasedMF"),
        _measured(
            "ranking over implicit", "answers of 10", rounds, "answer", "als", "fold-in and recommend of implicit"
        ),
    ]


async def one_round(before: Sequence[Any], log: Sequence[Any]) -> dict[str, float]:
    """A CPU second of each."""
    asked = users_of(log)[:_RANKINGS]
    found = {"learn": await _learned(before, log), "answer": await _answered(before, asked)}
    return {**found, **_river(before, log, asked), **_als(before, asked)}


async def _learned(before: Sequence[Any], log: Sequence[Any]) -> float:
    learner = await InMemory(random_bundle(ITEMS, hidden=HIDDEN, dim=DIM)).begin()
    await learner.learn(learner.placed(before))
    raws, began = learner.placed(log), time.process_time()
    await learner.learn(raws)
    return len(log) / (time.process_time() - began)


async def _answered(before: Sequence[UserEvent], asked: Sequence[str]) -> float:
    world = await World(random_bundle(ITEMS, hidden=HIDDEN, dim=DIM)).begin()
    await world.learn(*before)
    await world.beat()
    await world.ask(asked[0], n=_N)
    began = time.process_time()
    for user in asked:
        await world.ask(user, n=_N)
    return len(asked) / (time.process_time() - began)


def _river(before: Sequence[Any], log: Sequence[Any], asked: Sequence[str]) -> dict[str, float]:
    model: Any = reco.BiasedMF(n_factors=DIM, seed=0)
    items = {f"i{number}" for number in range(ITEMS)}
    for one in _took(before):
        model.learn_one(one.user_id, one.item_id, y=weight(one.kind, one.value))
    taken = _took(log)
    learned = per_s(lambda one: model.learn_one(one.user_id, one.item_id, y=weight(one.kind, one.value)), taken)
    return {"river learn": learned, "river rank": per_s(lambda user: model.rank(user, items)[:_N], asked[:_RANKED])}


def _als(before: Sequence[Any], asked: Sequence[str]) -> dict[str, float]:
    users = {user: place for place, user in enumerate(users_of(before))}
    places = [(users[one.user_id], int(one.item_id[1:])) for one in _took(before)]
    cells = (np.ones(len(places), np.float32), tuple(np.array(places).T))
    taken = csr_matrix(cells, shape=(len(users), ITEMS))
    model = AlternatingLeastSquares(factors=DIM, iterations=2, num_threads=1, random_state=0)
    model.fit(taken, show_progress=False)
    known = [users[user] for user in asked if user in users]

    def folded(user: int) -> None:
        model.partial_fit_users([user], taken[user])

    def recommended(user: int) -> None:
        folded(user)
        model.recommend(user, taken[user], N=_N)

    return {"fold in": per_s(folded, known), "als": per_s(recommended, known)}


def per_s(work: Callable[[Any], Any], over: Sequence[Any]) -> float:
    """How many a CPU second."""
    began = time.process_time()
    for one in over:
        work(one)
    return len(over) / (time.process_time() - began)


def _took(log: Sequence[Any]) -> list[Interaction]:
    return [event for event in log if isinstance(event, Interaction)]


def _measured(
    name: str, what: str, rounds: Sequence[dict[str, float]], ours: str, theirs: str, beside: str
) -> Measured:
    return Measured(
        name=name,
        what=f"{what} a CPU second, beside {beside}",
        unit="/s",
        ours=[one[ours] for one in rounds],
        beside=beside,
        reference=[one[theirs] for one in rounds],
    )


if __name__ == "__main__":
    show(run())
