"""Baselines are ranked by the rules that hold for us, and are told nothing early."""

import asyncio

import pytest

from batch.evaluate.placed import MISS
from batch.evaluate.protocol import Protocol
from batch.evaluate.split import split
from batch.evaluate.wrapped import Wrapped
from batch.plan import Repeats
from contracts.events import Interaction
from tests.batch.evaluate.logs import Last, event


@pytest.mark.parametrize(
    ("repeats", "ranks"),
    [
        ("never", [MISS]),  # only n is asked for, which nobody has met
        ("kept", [1, 1, MISS, 2]),  # a and b in turn: the other one was met later; n; then a again
        ("collapsed", [0, 0, MISS, 1]),  # the item just had isn't ranked
    ],
)
def test_what_was_had_is_ranked_only_where_items_repeat(repeats: Repeats, ranks: list[int]) -> None:
    items = [*("ab" * 8), "a", "b", "n", "a"]
    cut = split([event(number, "u", item) for number, item in enumerate(items)], Protocol(repeats=repeats))

    async def run() -> list[int]:
        baseline, found = Last(), []
        wrapped = Wrapped(baseline, cut, ["a", "b"])
        for number, step in enumerate(cut.steps):
            assert isinstance(step.event, Interaction)
            assert baseline.told == cut.before(number)
            if step.scored:
                found.append((await wrapped.answers(step.event, step))["last"].rank)
            await wrapped.learn(step.event)
        return found

    assert asyncio.run(run()) == ranks
