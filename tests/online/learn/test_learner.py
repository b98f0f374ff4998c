"""What becomes of each kind of record: learned once, sent on, or set aside with its reason, alone."""

from typing import Any, Final

import msgspec
import numpy as np
import pytest

from contracts import events
from contracts.dead_letter import DeadLetter
from contracts.errors import BundleRejected, BundleUnavailable, Unavailable
from contracts.events import (
    MAX_FORWARDS,
    Alias,
    BundleChange,
    Erase,
    Event,
    Impression,
    ItemEvent,
    MoodEvent,
    Shown,
)
from contracts.rollout import Rollout, bundle_for
from contracts.sharding import partition_of
from contracts.topics import ENRICHED, EVENTS, ITEMS
from model.bundle import Bundle
from online.learn.bundles import Bundles
from online.learn.enrich import Enriched, Enricher
from online.learn.learner import Learner
from online.learn.outgoing import MAX_RAW, Raw, dead_letter
from online.store.memory import MemoryStore
from online.store.state import HISTORY
from tests.online.learn.logs import (
    APART_MS,
    PARTITIONS,
    SHELF,
    START,
    TOPIC_ID,
    USERS,
    VERSIONS,
    Box,
    Ready,
    bundle_change,
    learner_of,
    records,
)
from tests.online.learn.stumbling import Stumbling
from tests.online.learn.told import Told, like, run

ANNA, BEN, CARA, DORA = USERS
ELSEWHERE: Final = next(f"x{n}" for n in range(10_000) if partition_of(f"x{n}", PARTITIONS) == 1)


def test_an_event_that_comes_twice_counts_once_in_one_batch_and_in_two() -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), like(ANNA, "i1", "a"))
    told.learn(like(ANNA, "i1", "a"), like(ANNA, "i2", "b"))
    assert told.items(ANNA) == ["i1", "i2"]
    assert told.user(ANNA)[0].count == told.taken() == 2
    assert told.learner.tally["duplicate"] == 2


def test_the_same_id_of_another_user_is_another_event() -> None:
    told = Told().learn(like(ANNA, "i1", "a"), like(BEN, "i1", "a"))
    assert told.items(ANNA) == told.items(BEN) == ["i1"]


def test_an_id_is_known_for_as_long_as_it_is_in_the_history() -> None:
    told = Told().learn(*(like(ANNA, f"i{n}", f"e{n}") for n in range(HISTORY + 1)))
    told.learn(like(ANNA, "i1", "e1"), like(ANNA, "i0", "e0"))
    assert told.learner.tally["duplicate"] == 1
    assert told.user(ANNA)[0].count == HISTORY + 2
    assert len(told.items(ANNA)) == HISTORY


def test_a_mood_is_a_token_of_the_same_sequence_and_is_remembered() -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"))
    before = told.user(ANNA)[0].embedding
    told.learn(MoodEvent(event_id="m", time=START + 1, user_id=ANNA, mood="😢"))
    state, history = told.user(ANNA)
    assert not np.allclose(before, state.embedding)
    assert (state.mood, state.mood_time) == (history[-1].mood, START + 1)
    assert told.items(ANNA) == ["i1", ""]


def test_what_cannot_be_taken_in_is_set_aside_alone_with_origin_and_reason() -> None:
    newer = b'{"type":"interaction","schema_version":9,"event_id":"n"}'
    far = events.encode(like(ANNA, "i1", "far"))[:-1] + b',"context":{"extra":{"a":"' + b"x" * 70_000 + b'"}}}'
    strange = MoodEvent(event_id="m", time=START, user_id=ANNA, mood="klonk")
    bad: list[events.Record | bytes] = [b"\xff\x00", b"", b"[]", newer, far, strange, b'{"type":"interaction"}']
    told = Told().learn(like(ANNA, "i1", "a"), *bad, like(ANNA, "i2", "b"))
    assert told.items(ANNA) == ["i1", "i2"]
    letters = told.letters()
    assert {letter.offset for letter in letters} == set(range(1, 8))
    assert all((letter.topic, letter.partition) == ("events", 0) and letter.reason for letter in letters)
    by_offset = {letter.offset: letter for letter in letters}
    assert by_offset[1].raw == b"\xff\x00"
    assert (by_offset[4].error, by_offset[4].schema_version) == ("UnknownSchemaVersion", 9)
    assert "65,536" in by_offset[5].reason
    assert "klonk" in by_offset[6].reason


def test_a_dead_letter_is_never_larger_than_kafka_takes() -> None:
    out = dead_letter(Raw(EVENTS, 0, 7, START, b"x" * 1_000_000), ValueError("y" * 10_000), START)
    assert len(out.value) < 1_000_000
    letter = msgspec.json.decode(out.value, type=DeadLetter)
    assert letter.raw == b"x" * MAX_RAW
    assert "1,000,000 bytes" in letter.reason


class Clumsy(Enricher):
    """Falls over the events of one user."""

    def enrich(self, event: Any, *, partition: int, offset: int, arrival: int) -> Enriched:
        if event.user_id == BEN:
            raise ZeroDivisionError("ben")
        return super().enrich(event, partition=partition, offset=offset, arrival=arrival)


def test_an_event_that_crashes_the_code_is_set_aside_alone_and_nothing_counts_twice() -> None:
    told = Told(lambda store, box: Learner(store, Ready(SHELF), Clumsy(), box, PARTITIONS, lambda: START))
    told.learn(bundle_change(0), like(ANNA, "i1", "a"), like(BEN, "i2", "b"), b"bad", like(ANNA, "i3", "c"))
    told.learn(like(ANNA, "i4", "d"))
    assert told.items(ANNA) == ["i1", "i3", "i4"]
    assert told.taken() == 3
    assert sorted((letter.offset, letter.error) for letter in told.letters()) == [
        (2, "ZeroDivisionError"),
        (3, "InvalidEvent"),
    ]
    assert [out.key for out in told.box if out.topic is ENRICHED] == [ANNA] * 3


def test_an_event_that_crashes_the_encoder_leaves_the_others_as_if_it_had_not_come() -> None:
    told = Told(lambda store, box: Learner(store, Stumbling(*VERSIONS), Enricher(), box, PARTITIONS, lambda: START))
    told.learn(bundle_change(0), like(ANNA, "i1", "a"), like(BEN, "i2", "b"), like(CARA, "i3", "c"))
    assert told.items(ANNA) == ["i1"]
    assert told.items(CARA) == ["i3"]
    assert [(letter.offset, letter.error) for letter in told.letters()] == [(2, "FloatingPointError")]


def test_what_others_get_is_sent_before_a_crashed_batch_is_taken_in_one_by_one() -> None:
    """Otherwise a kill between the two would lose it: the first shard's watermark says that it was sent."""
    sent_when: list[bool] = []
    store = MemoryStore()

    async def outbox(outgoing: Any) -> None:
        if any(out.topic is EVENTS for out in outgoing):
            sent_when.append((await store.user(ANNA))[1] is None)

    learner = Learner(store, Ready(SHELF), Clumsy(), outbox, PARTITIONS, lambda: START)

    async def work() -> None:
        await learner.assign(0, TOPIC_ID)
        await learner.learn(0, records([like(ANNA, "i1", "a"), like(ELSEWHERE, "i1", "x"), like(BEN, "i2", "b")]))

    run(work())
    assert sent_when == [True]


def test_a_misplaced_record_is_published_again_byte_for_byte_and_has_no_effect_here() -> None:
    raw = events.encode(like(ELSEWHERE, "i1", "x")) + b" "
    told = Told().learn(like(ANNA, "i1", "a"), raw)
    (out,) = [out for out in told.box if out.topic is EVENTS]
    assert (out.key, out.value) == (ELSEWHERE, raw)
    assert run(told.store.user(ELSEWHERE))[1] is None
    assert told.taken() == 1
    assert told.learner.tally["misplaced"] == 1


def test_an_item_event_among_the_events_goes_to_the_items_topic() -> None:
    event = ItemEvent(event_id="n", time=START, item_id="new", title="New")
    told = Told().learn(event)
    assert [(out.topic, out.key, out.value) for out in told.box] == [(ITEMS, "new", events.encode(event))]


def test_redelivery_changes_nothing_and_sends_nothing_again() -> None:
    log: list[events.Record | bytes] = [bundle_change(0), like(ANNA, "i1", "a"), b"bad", like(ELSEWHERE, "i1", "x")]
    log.append(like(ANNA, "i2", "b"))
    told = Told().learn(*log)
    before, sent = run(told.store.dump()), list(told.box)

    async def again() -> None:
        learner = learner_of(told.store, told.box)
        await learner.assign(0, TOPIC_ID)
        await learner.learn(0, records(log))

    run(again())
    assert run(told.store.dump()) == before
    assert told.box == sent


def test_an_alias_publishes_the_history_with_ids_and_forwards_what_comes_later() -> None:
    told = Told().learn(
        bundle_change(0), like(ANNA, "i1", "a"), MoodEvent(event_id="m", time=START + 5, user_id=ANNA, mood="sad")
    )
    told.learn(Alias(event_id="al", time=START, user_id=ANNA, known_as=BEN), like(ANNA, "i2", "b"))
    state, history = told.user(ANNA)
    assert (state.forward, state.count, history) == (BEN, 0, [])

    told.learn(*told.republished())
    assert told.items(BEN) == ["i1", "", "i2"]
    assert [entry.mood for entry in told.user(BEN)[1]][1] > 0
    told.learn(like(BEN, "i1", "a"), *told.republished())  # what Ben's own client or a redelivery sends again
    assert told.items(BEN) == ["i1", "", "i2"]


def test_an_alias_to_oneself_is_refused_and_a_circle_of_aliases_ends() -> None:
    told = Told().learn(Alias(event_id="s", time=START, user_id=ANNA, known_as=ANNA))
    assert "same user" in told.letters()[0].reason
    told.learn(
        Alias(event_id="1", time=START, user_id=ANNA, known_as=BEN),
        Alias(event_id="2", time=START, user_id=BEN, known_as=ANNA),
        like(ANNA, "i1", "a"),
    )
    for _ in range(MAX_FORWARDS + 2):
        out, told.box[:] = told.republished(), [one for one in told.box if one.topic is not EVENTS]
        if out:
            told.learn(*out)
    assert told.republished() == []
    assert "circle" in told.letters()[-1].reason


def test_an_erased_user_leaves_a_tombstone_and_starts_anew() -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), Erase(event_id="x", time=START, user_id=ANNA))
    state, history = told.user(ANNA)
    assert (state.erased, state.offset, state.count, history) == (True, 2, 0, [])
    assert not state.hidden.any()
    told.learn(like(ANNA, "i2", "b"), like(ANNA, "i1", "c"))
    state, _ = told.user(ANNA)
    assert (state.erased, told.items(ANNA)) == (False, ["i2", "i1"])
    fresh = Told().learn(bundle_change(0), like(ANNA, "i2", "b"), like(ANNA, "i1", "c"))
    assert np.array_equal(state.embedding, fresh.user(ANNA)[0].embedding)


def test_times_that_go_back_have_no_gap_and_the_future_is_taken_as_of_its_arrival() -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a", START + 500), like(ANNA, "i2", "b", START - 9_000_000))
    same = Told().learn(bundle_change(0), like(ANNA, "i1", "a", START + 500), like(ANNA, "i2", "b", START + 500))
    assert np.array_equal(told.user(ANNA)[0].embedding, same.user(ANNA)[0].embedding)
    told.learn(like(ANNA, "i3", "c", START + 10**10))
    assert told.user(ANNA)[1][-1].time == START + APART_MS * 3  # as `records` has it arrive


def test_a_topic_that_was_made_again_restarts_offsets_and_keeps_histories() -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), like(BEN, "i1", "b"), like(ANNA, "i2", "c"))
    learner = learner_of(told.store)

    async def work() -> None:
        assert await learner.assign(0, "topic-2") == 0
        await learner.learn(0, records([like(ANNA, "i1", "a"), like(ANNA, "i3", "d")]))
        await learner.sweep(0)

    run(work())
    assert told.items(ANNA) == ["i1", "i2", "i3"]
    assert (told.user(ANNA)[0].incarnation, told.user(ANNA)[0].offset) == ("topic-2", 1)
    assert told.taken() == 4
    run(_change_and_move(learner, bundle_change(1), 2))
    assert (told.user(BEN)[0].incarnation, told.user(BEN)[0].offset) == ("topic-2", -1)


async def _change_and_move(learner: Learner, change: BundleChange, offset: int) -> None:
    await learner.learn(0, records([change], offset))
    await learner.sweep(0)
    await learner.move_all(0)


def test_touched_and_idle_users_come_to_the_same_bytes_on_a_new_bundle() -> None:
    log = [like(user, f"i{n}", f"{user}{n}") for n in range(5) for user in (ANNA, BEN)]
    touched = Told().learn(bundle_change(0), *log, bundle_change(1), like(ANNA, "i9", "z"), like(BEN, "i9", "z"))
    idle = Told().learn(bundle_change(0), *log, bundle_change(1))
    run(idle.learner.move_all(0))
    assert idle.user(ANNA)[0].bundle == VERSIONS[1]
    idle.learn(like(ANNA, "i9", "z"), like(BEN, "i9", "z"))
    for user in (ANNA, BEN):
        assert run(idle.store.user(user))[1] == run(touched.store.user(user))[1]


def test_a_canary_puts_its_share_of_users_on_the_other_bundle() -> None:
    rollout = Rollout(VERSIONS[0], canary=VERSIONS[1], share=0.5)
    told = Told().learn(BundleChange(event_id="c", time=START, rollout=rollout), *(like(u, "i1", "a") for u in USERS))
    assert {u: told.user(u)[0].bundle for u in USERS} == {u: bundle_for(u, rollout) for u in USERS}


class Half(Bundles):
    """Of two bundles one can't be had."""

    missing: Exception = BundleRejected("damaged")

    async def open(self, version: str) -> Bundle:
        if version == VERSIONS[1]:
            raise self.missing
        return SHELF[version]


@pytest.mark.parametrize("error", [BundleRejected("damaged"), RuntimeError("a surprise")])
def test_a_change_to_a_bundle_that_cannot_be_loaded_is_set_aside_and_the_old_one_goes_on(error: Exception) -> None:
    told = Told(lambda store, box: Learner(store, _half(error), Enricher(), box, PARTITIONS, lambda: START))
    told.learn(bundle_change(0), like(ANNA, "i1", "a"), bundle_change(1), like(ANNA, "i2", "b"))
    assert told.user(ANNA)[0].bundle == VERSIONS[0]
    assert told.items(ANNA) == ["i1", "i2"]
    assert [letter.offset for letter in told.letters()] == [2]


def _half(error: Exception) -> Half:
    half = Half(SHELF)
    half.missing = error
    return half


def test_states_on_a_bundle_that_vanished_wait_and_nothing_is_set_aside() -> None:
    told = Told().learn(bundle_change(1), like(ANNA, "i1", "a"))
    before = run(told.store.dump())
    learner = Learner(told.store, _half(BundleRejected("gone")), Enricher(), told.box, PARTITIONS, lambda: START)
    run(learner.assign(0, TOPIC_ID))
    with pytest.raises(BundleUnavailable):
        run(learner.learn(0, records([like(ANNA, "i2", "b"), like(BEN, "i2", "b")], 2)))
    assert told.letters() == []
    users = run(told.store.dump())["users"]
    assert users == before["users"]


class Unreachable(dict[str, Bundle]):
    def load(self, version: str) -> Bundle:
        raise Unavailable(version)


def test_a_shelf_that_cannot_be_reached_is_waited_for() -> None:
    learner = Learner(MemoryStore(), Bundles(Unreachable()), Enricher(), Box(), PARTITIONS, lambda: START)

    async def work() -> None:
        await learner.assign(0, TOPIC_ID)
        await learner.learn(0, records([bundle_change(0)]))

    with pytest.raises(BundleUnavailable):
        run(work())


def test_an_impression_is_kept_and_enriched_but_steps_nobody() -> None:
    shown = [Shown("i1", 0, 1.0, 1.0)]
    event: Event = Impression(event_id="p", time=START, user_id=ANNA, request_id="r", bundle="", shown=shown)
    told = Told().learn(bundle_change(0), event)
    state, history = told.user(ANNA)
    assert (state.count, state.time, len(state.hidden), history) == (0, 0, 0, [])
    assert [out.topic for out in told.box] == [ENRICHED]
    told.learn(like(ANNA, "i1", "a"))
    without = Told().learn(bundle_change(0), like(ANNA, "i1", "a"))
    assert np.array_equal(told.user(ANNA)[0].embedding, without.user(ANNA)[0].embedding)
    assert told.taken() == 1


def test_without_any_bundle_events_are_kept_and_learned_when_one_comes() -> None:
    told = Told().learn(like(ANNA, "i1", "a"), bundle_change(0), like(ANNA, "i2", "b"))
    always = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), like(ANNA, "i2", "b"))
    assert np.array_equal(told.user(ANNA)[0].embedding, always.user(ANNA)[0].embedding)
