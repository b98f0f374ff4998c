"""A bundle is asked before each event and learns it afterwards; what it foretells depends on nothing else."""

import asyncio

import numpy as np
import pytest
from msgspec.structs import replace

from batch.compared import Compared, buckets
from batch.evaluate.placed import MISS
from batch.evaluate.targets import Targets
from batch.prequential import Agreed, Along, Foretold, Known, Scored, foretold, records_of
from batch.replay import Replay
from contracts.events import Impression, Interaction, Shown
from contracts.topics import EVENTS
from online.answer.asked import Ask
from online.learn.outgoing import Raw
from tests.batch.synthetic import events
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(20)
LOG = [replace(one, item_id=f"i{int(one.item_id[3:]) + 8 * int(one.item_id[1])}") for one in events(users=8, steps=12)]
HEAD, TAIL = LOG[:40], LOG[40:]


def scored(*log: Interaction, every: int = 1, most_of_a_user: int = 400) -> Foretold:
    tail = records_of(log or TAIL)
    return asyncio.run(foretold(BUNDLE, records_of(HEAD), tail, every=every, most_of_a_user=most_of_a_user))


def test_each_event_on_an_item_new_to_its_user_is_foretold_once() -> None:
    found = scored()
    had = {(one.user_id, one.item_id) for one in HEAD}
    wanted = []
    for place, event in enumerate(TAIL):
        if (event.user_id, event.item_id) not in had:
            wanted.append(place)
        had.add((event.user_id, event.item_id))
    assert found.places.tolist() == wanted
    assert found.users.tolist() == [TAIL[place].user_id for place in wanted]
    assert found.times.tolist() == [TAIL[place].time for place in wanted]
    assert 0 < (found.ranks < MISS).sum() <= len(wanted)


def test_what_comes_later_changes_nothing_that_was_foretold() -> None:
    whole, cut = scored(), scored(*TAIL[:20])
    assert cut.ranks.tolist() == whole.ranks[: len(cut.ranks)].tolist()


def test_what_came_before_is_learned_and_not_foretold() -> None:
    cold = asyncio.run(foretold(BUNDLE, [], records_of(TAIL)))
    assert scored().ranks.tolist() != cold.ranks.tolist()[: len(scored().ranks)]
    assert len(cold.places) >= len(scored().places)


def test_only_each_so_many_th_target_is_asked_for_and_so_many_of_a_user() -> None:
    assert scored(every=3).places.tolist() == scored().places.tolist()[::3]
    _, counts = np.unique(scored(most_of_a_user=2).users, return_counts=True)
    assert counts.max() == 2


def test_a_second_sending_and_what_is_no_event_are_no_targets() -> None:
    again = [one for event in records_of(TAIL) for one in (event, event)]
    broken = Raw(EVENTS, 0, 0, TAIL[0].time, b'{"type": "interaction"}')
    found = asyncio.run(foretold(BUNDLE, records_of(HEAD), [broken, *again]))
    assert found.places.tolist() == [1 + 2 * place for place in scored().places.tolist()]


def test_a_way_that_was_stopped_goes_on_as_if_it_had_not_been() -> None:
    async def run(stop: int) -> list[Scored]:
        targets, log = Targets("never"), list(records_of(LOG))
        along = Along(await Replay.on(BUNDLE), targets)
        found = [one for raw in log[:stop] if isinstance(one := await along.step(raw), Scored)]
        await along.learn()
        head = along.replay.head()
        later = Along(await Replay.behind(head, BUNDLE), Targets("never"), Known(len(found)))
        for raw in log[:stop]:
            later.pass_over(raw)
        found += [one for raw in log[stop:] if isinstance(one := await later.step(raw), Scored)]
        await later.learn()
        return found

    assert asyncio.run(run(0)) == asyncio.run(run(1)) == asyncio.run(run(57)) == asyncio.run(run(len(LOG)))


def test_what_was_asked_about_before_is_learned_again_and_not_asked() -> None:
    async def run(known: int) -> list[Scored]:
        along = Along(await Replay.on(BUNDLE), Targets("never"), Known(known))
        return [one for raw in records_of(LOG) if isinstance(one := await along.step(raw), Scored)]

    assert asyncio.run(run(20)) == asyncio.run(run(0))[20:]


def test_of_pages_that_explored_it_is_told_whether_the_bundle_would_have_shown_the_same() -> None:
    now = LOG[-1].time + 1000

    async def run(known: Known | None) -> list[Agreed]:
        replay = await Replay.on(BUNDLE)
        await replay.learn(LOG)
        its = [item.item_id for item in (await replay.ask(Ask(user_id="u1", n=4), now)).items]
        found = []
        for number, propensity in enumerate((0.5, 1.0, 0.5)):
            items = [its[0], its[2], its[1], its[3]]
            shown = [Shown(item, place, 0.0, propensity) for place, item in enumerate(items)]
            page = Impression(
                event_id=f"p{number}", time=now, user_id="u1", request_id="r", bundle="b", shown=shown[number:]
            )
            found.append(page)
        along = Along(replay, Targets("never"), known)
        return [one for raw in records_of(found[:2]) if isinstance(one := await along.step(raw), Agreed)]

    assert asyncio.run(run(Known())) == [Agreed(0, [True, False, False, True])]
    assert asyncio.run(run(Known(pages=1))) == asyncio.run(run(None)) == []


def test_bundles_are_compared_on_the_same_events_and_by_the_same_users_drawn() -> None:
    one = scored()
    better = Foretold("better", one.places, one.times, one.users, np.zeros_like(one.ranks))
    compared = Compared([one, better])
    assert compared.of("better")["hr@10"].mean == 1
    gained = compared.gained("better", BUNDLE.version)["ndcg@10"]
    assert gained.low <= gained.mean <= gained.high
    assert gained.mean == pytest.approx(1 - compared.of(BUNDLE.version)["ndcg@10"].mean, abs=2e-6)
    none = compared.gained("better", "better")["hr@10"]
    assert tuple(none) == (0, 0, 0)
    with pytest.raises(ValueError, match="the same events"):
        Compared([one, one.only(one.ranks >= 0).only(np.arange(len(one.ranks)) > 0)])


def test_buckets_are_of_one_length_cover_all_and_leave_none_empty() -> None:
    times = np.array([0, 59_999, 60_000, 30 * 60_000, 31 * 60_000], np.int64)
    found = buckets(times, 8)
    assert {bucket.until - bucket.since for bucket in found} == {5 * 60_000}
    assert sum(bucket.mask.sum() for bucket in found) == len(times)
    assert all(bucket.mask.any() for bucket in found)
    assert [bucket.since for bucket in found] == [0, 30 * 60_000]
    assert buckets(np.zeros(0, np.int64)) == []
    assert len(buckets(np.array([0, 10**15], np.int64), 4)) == 2
