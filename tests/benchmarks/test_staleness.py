"""An answer that is synchronised now and then knows what was known then, and what it misses is counted as lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from batch.evaluate.placed import Placed
from batch.evaluate.split import Step
from batch.evaluate.systems import asked
from batch.measures import Measure
from batch.replay import Replay
from benchmarks.staleness_shown import EVERY_EVENT, HOURLY, INTERVALS, METRICS, Found, Lost, headline, page
from benchmarks.synchronised import Synchronised
from contracts.events import Interaction
from online.answer.asked import Ask
from online.store.memory import MemoryStore
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(30)
HOUR_MS = 3_600_000
START = 1000 * HOUR_MS


def event(user: str, item: str, time: int) -> Interaction:
    return Interaction(event_id=f"{user}-{item}-{time}", time=time, user_id=user, item_id=item, kind="like")


async def placed(system: Synchronised, one: Interaction) -> Placed:
    (found,) = (await system.answers(one, Step(one, True, "", 0, -1))).values()
    return found


def scene(run: Callable[[Synchronised, Replay], Awaitable[None]]) -> None:
    async def on_both() -> None:
        learned = MemoryStore()
        learning = await Replay.on(BUNDLE, learned)
        system = Synchronised("hourly", learning, learned, "never", HOUR_MS)
        await system.answer_with(BUNDLE)
        await run(system, learning)

    asyncio.run(on_both())


def test_what_is_learned_changes_no_answer_before_the_interval_is_over() -> None:
    async def run(system: Synchronised, learning: Replay) -> None:
        asked = event("u", "i1", START + 50 * 60_000)
        before = await placed(system, asked)
        for number in range(5):
            await system.learn(event("another", f"i{number + 2}", START + number))
            await system.learn(event("u", f"i{number + 10}", START + number))
        within = await placed(system, asked)
        had = {f"i{number + 10}" for number in range(5)}
        assert [item for item in before.top if item not in had] == list(within.top)[: len(set(before.top) - had)]
        after = await placed(system, event("u", "i1", START + HOUR_MS))
        assert after.top != within.top
        assert not had & set(after.top)

    scene(run)


def test_synchronised_before_each_event_it_answers_as_what_learns_does() -> None:
    async def run(system: Synchronised, learning: Replay) -> None:
        system._interval_ms = 1
        for number in range(20):
            one = event(f"u{number % 3}", f"i{number}", START + number)
            there = await learning.ask(_ask(one), one.time)
            assert (await placed(system, one)).top == [item.item_id for item in there.items[:10]]
            await system.learn(one)

    scene(run)


def _ask(one: Interaction) -> Ask:
    return asked(one, Step(one, True, "", 0, -1), "never")


def test_shares_are_of_what_is_reached_with_every_event() -> None:
    found = _found([0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.06, 0.1])
    assert [round(found.share(name).mean, 6) for name in INTERVALS] == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert found.share(HOURLY).low <= found.share(HOURLY).mean <= found.share(HOURLY).high
    assert headline(found) == "an hour of staleness costs 20.0% of NDCG@10"
    assert page([found]).count("<circle") == len(INTERVALS) + 4


def _found(reached: Sequence[float]) -> Found:
    names = [*INTERVALS, "nightly fine-tune", "both"]
    whole = reached[names.index(EVERY_EVENT)]
    systems = {
        name: Lost(
            dict.fromkeys(METRICS, Measure(value, value - 0.01, value + 0.01)),
            dict.fromkeys(METRICS, Measure(whole - value, whole - value - 0.01, whole - value + 0.01)),
        )
        for name, value in zip(names, reached, strict=True)
    }
    return Found("made up", 10, 3, 1.0, 1, systems)
