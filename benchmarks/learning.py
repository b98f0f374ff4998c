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
from typing import Any, Final, NamedTuple

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
RIVER: Final = "river's BiasedMF"
FOLD_IN: Final = "implicit's fold-in"
_RANKED: Final = 10
"""By river, which takes its time."""
_N: Final = 10


class Round(NamedTuple):
    """One turn of all of them."""

    learned: dict[str, float]
    """Events a CPU second."""
    answered: dict[str, list[float]]
    """CPU ms of each answer."""

    def per_s(self) -> dict[str, float]:
        """Of everything."""
        return {**self.learned, **{name: 1000 * len(each) / sum(each) for name, each in self.answered.items()}}


def run(repeats: int = REPEATS, count: int = EVENTS) -> list[Measured]:
    """Half of the events warm everything up."""
    log = list(made_up(2 * count, _USERS))
    rounds: list[Round] = []
    with threadpool_limits(1), bar("learning and ranking", repeats, "repeats") as told:
        for number in range(repeats):
            rounds.append(asyncio.run(one_round(log[:count], log[count:])))
            told(number + 1, ", ".join(f"{name} {per_s:,.0f}/s" for name, per_s in rounds[-1].per_s().items()))
    return [
        _measured("learning over river", "events learned", rounds, "learn", RIVER),
        _measured("learning over implicit", "events learned", rounds, "learn", FOLD_IN),
        _measured("ranking over river", "answers of 10", rounds, "answer", f"{RIVER}, ranking"),
        _measured("ranking over implicit", "answers of 10", rounds, "answer", f"{FOLD_IN} and recommend"),
    ]


async def one_round(before: Sequence[Any], log: Sequence[Any]) -> Round:
    """Ours, river, implicit."""
    asked = users_of(log)[:_RANKINGS]
    learned, answered = await _learned(before, log), await _answered(before, asked)
    turns = [Round({"learn": learned}, {"answer": answered}), _river(before, log, asked), _als(before, asked)]
    return Round(
        {name: per_s for one in turns for name, per_s in one.learned.items()},
        {name: each for one in turns for name, each in one.answered.items()},
    )


async def _learned(before: Sequence[Any], log: Sequence[Any]) -> float:
    learner = await InMemory(random_bundle(ITEMS, hidden=HIDDEN, dim=DIM)).begin()
    await learner.learn(learner.placed(before))
    raws, began = learner.placed(log), time.process_time()
    await learner.learn(raws)
    return len(log) / (time.process_time() - began)


async def _answered(before: Sequence[UserEvent], asked: Sequence[str]) -> list[float]:
    world = await World(random_bundle(ITEMS, hidden=HIDDEN, dim=DIM)).begin()
    await world.learn(*before)
    await world.beat()
    await world.ask(asked[0], n=_N)
    found = []
    for user in asked:
        began = time.process_time()
        await world.ask(user, n=_N)
        found.append(1000 * (time.process_time() - began))
    return found


def _river(before: Sequence[Any], log: Sequence[Any], asked: Sequence[str]) -> Round:
    model: Any = reco.BiasedMF(n_factors=DIM, seed=0)
    items = {f"i{number}" for number in range(ITEMS)}
    for one in _took(before):
        model.learn_one(one.user_id, one.item_id, y=weight(one.kind, one.value))
    taken = _took(log)
    began = time.process_time()
    for one in taken:
        model.learn_one(one.user_id, one.item_id, y=weight(one.kind, one.value))
    learned = len(taken) / (time.process_time() - began)
    ranked = timed(lambda user: model.rank(user, items)[:_N], asked[:_RANKED])
    return Round({RIVER: learned}, {f"{RIVER}, ranking": ranked})


def _als(before: Sequence[Any], asked: Sequence[str]) -> Round:
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

    learned = timed(folded, known)
    return Round({FOLD_IN: 1000 * len(learned) / sum(learned)}, {f"{FOLD_IN} and recommend": timed(recommended, known)})


def timed(work: Callable[[Any], Any], over: Sequence[Any]) -> list[float]:
    """CPU ms of each."""
    found = []
    for one in over:
        began = time.process_time()
        work(one)
        found.append(1000 * (time.process_time() - began))
    return found


def _took(log: Sequence[Any]) -> list[Interaction]:
    return [event for event in log if isinstance(event, Interaction)]


def _measured(name: str, what: str, rounds: Sequence[Round], ours: str, theirs: str) -> Measured:
    each = [one.per_s() for one in rounds]
    both = {"ours": ours, theirs: theirs} if ours == "answer" else {}
    return Measured(
        name=name,
        what=f"{what} a CPU second, beside {theirs}",
        unit="/s",
        ours=[one[ours] for one in each],
        beside=theirs,
        reference=[one[theirs] for one in each],
        percentiles={label: _percentiles(rounds, key) for label, key in both.items()},
        percentiles_unit="CPU ms of an answer",
    )


def _percentiles(rounds: Sequence[Round], name: str) -> dict[str, float]:
    each = [ms for one in rounds for ms in one.answered[name]]
    return {f"p{share}": float(np.quantile(each, share / 100, method="higher")) for share in (50, 90, 95, 99)}


if __name__ == "__main__":
    show(run())
