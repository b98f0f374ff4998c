"""A replay answers from what was learned before, and nothing else."""

import asyncio
from collections.abc import Sequence

from batch.replay import MICRO_BATCH, Replay, ask_of, in_order, is_target
from contracts.events import Context, Interaction, MoodEvent
from contracts.kinds import Kind
from online.answer.asked import Ask
from tests.fakes.bundle import random_bundle

DAY_MS = 24 * 3600 * 1000
START = 900_000_000_000
BUNDLE = random_bundle(30)


def event(number: int, user: str, item: str, kind: Kind = "like", context: Context | None = None) -> Interaction:
    time = START + 1000 * number
    return Interaction(event_id=f"e{number}", time=time, user_id=user, item_id=item, kind=kind, context=context)


def walk(users: int = 6, steps: int = 12) -> list[Interaction]:
    """Everybody takes i0, i1, i2 … one after the other."""
    return [event(step * users + user, f"u{user}", f"i{step}") for step in range(steps) for user in range(users)]


async def served(replay: Replay, user: str, now: int, n: int = 10) -> list[tuple[str, float]]:
    answer = await replay.ask(Ask(user_id=user, n=n), now)
    return [(item.item_id, item.score) for item in answer.items]


def test_an_event_changes_the_next_answer_and_what_was_had_is_never_served() -> None:
    async def run() -> None:
        replay = await Replay.on(BUNDLE)
        before = await served(replay, "u", START)
        await replay.learn([event(0, "u", before[0][0])])
        after = await served(replay, "u", START)
        assert before[0][0] not in [item for item, _ in after]
        assert [score for _, score in before[1:]] != [score for _, score in after[:9]]

    asyncio.run(run())


def test_an_item_that_nobody_knows_is_served_once_it_was_learned_and_not_before() -> None:
    async def run() -> None:
        replay = await Replay.on(BUNDLE)
        await replay.learn([event(0, "a", "i1"), event(1, "b", "i1")])
        assert "planted" not in [item for item, _ in await served(replay, "b", START + 2000, n=100)]
        await replay.learn([event(2, "a", "planted")])
        assert "planted" in [item for item, _ in await served(replay, "b", START + 2000, n=100)]

    asyncio.run(run())


def test_replays_that_go_on_from_where_one_stood_come_to_what_it_comes_to() -> None:
    async def run() -> None:
        replay, log = await Replay.on(BUNDLE), walk()
        await replay.learn(log[:40])
        head = replay.head()
        await replay.learn(log[40:])
        for _ in range(2):
            again = await Replay.behind(head, BUNDLE)
            assert again.learned == 40
            assert await again.store.dump() == await head.store.dump() != await replay.store.dump()
            await again.learn(log[40:])
            assert await again.store.dump() == await replay.store.dump()
            now = log[-1].time + 1000
            assert [await served(again, f"u{n}", now) for n in range(6)] == [
                await served(replay, f"u{n}", now) for n in range(6)
            ]

    asyncio.run(run())


def test_micro_batches_learn_what_single_events_do() -> None:
    async def answers(parts: Sequence[Sequence[Interaction]]) -> list[list[tuple[str, float]]]:
        replay = await Replay.on(BUNDLE)
        for part in parts:
            await replay.learn(part)
        assert replay.learner.tally["applied"] == len(walk())
        return [await served(replay, f"u{user}", START + DAY_MS) for user in range(6)]

    assert len(walk()) < MICRO_BATCH
    assert asyncio.run(answers([walk()])) == asyncio.run(answers([[one] for one in walk()]))


def test_the_clock_is_the_events_time() -> None:
    async def run() -> None:
        replay = await Replay.on(BUNDLE)
        await replay.learn([event(0, "u", "i1")])
        answer = await replay.ask(Ask(user_id="u"), START + 5000)
        assert answer.age_ms == 5000

    asyncio.run(run())


def test_another_bundle_takes_over_behind_its_place_in_the_log() -> None:
    async def run() -> None:
        replay = await Replay.on(BUNDLE)
        await replay.learn(walk())
        other = random_bundle(30, seed=5)
        await replay.publish(other)
        await replay.learn([event(900, "u0", "i20")])
        answer = await replay.ask(Ask(user_id="u0"), START + DAY_MS)
        assert answer.bundle == other.version

    asyncio.run(run())


def test_considered_are_all_that_may_be_shown_each_with_its_features() -> None:
    async def run() -> None:
        replay = await Replay.on(BUNDLE)
        await replay.learn(walk())
        found = await replay.consider(Ask(user_id="u0"), START + DAY_MS)
        assert found.features.shape == (len(found.ids), len(found.names))
        assert len(found.ids) == len(set(found.ids))
        assert {item for item, _ in await served(replay, "u0", START + DAY_MS)} <= set(found.ids)
        assert not set(found.ids) & {f"i{step}" for step in range(12)}
        assert set().union(*found.found.values()) == set(found.ids)
        assert list(found.scores) == sorted(found.scores, reverse=True)

    asyncio.run(run())


def test_equal_times_are_shuffled_by_the_seed_and_time_stays_in_order() -> None:
    catalogue_order = [event(place // 20, "u", f"i{place}") for place in range(100)]
    shuffled = in_order(catalogue_order, seed=1)
    assert shuffled != catalogue_order
    assert [one.time for one in shuffled] == [one.time for one in catalogue_order]
    assert in_order(catalogue_order, seed=1) == shuffled != in_order(catalogue_order, seed=2)


def test_a_request_comes_from_where_its_event_did_and_unwanted_things_are_not_foretold() -> None:
    here = Context(place="Graz", device="tv", mood="sad")
    assert ask_of(event(0, "u", "i1", context=here), exclude=["i2"]) == Ask(
        user_id="u", context=here, exclude=["i2"], repeat=False
    )
    assert is_target(event(0, "u", "i1", "rating"))
    assert not is_target(event(0, "u", "i1", "dislike"))
    assert not is_target(MoodEvent(event_id="m", time=START, user_id="u", mood="sad"))
