"""Order and time: the log's order is the only one; an event's own time says how much to fade, never where it stands.

Each rule stands in docs/guarantees.md under "Order and time".
"""

import numpy as np

from contracts.events import Alias, Erase, Interaction, MoodEvent
from contracts.moods import LABELS
from online.learn.counts import NOW, TODAY, bucket_of
from tests.online.learn.logs import APART_MS, START, USERS, VERSIONS, bundle_change
from tests.online.learn.told import Told, like, run

ANNA, BEN, CARA, _ = USERS
MINUTE, DAY = 60_000, 24 * 3_600_000
NOON = START + 100 * DAY
"""Long after, so that late events have a time to be late for."""


def feels(mood: str, name: str, time: int) -> MoodEvent:
    return MoodEvent(event_id=name, time=time, user_id=ANNA, mood=mood)


def arriving(*log: Interaction | MoodEvent | Alias | Erase, at: int = NOON) -> Told:
    """These events after a bundle, arriving at `at` and APART_MS after each other."""
    told = Told().learn(bundle_change(0))
    return told.learn(*log, first_at=at)


def test_late_events_stand_where_they_came_and_count_in_the_bucket_of_their_own_time() -> None:
    for late in (10 * MINUTE, 3 * DAY):
        told = arriving(like(ANNA, "i1", "a", NOON), like(ANNA, "i2", "b", NOON - late))
        assert told.items(ANNA) == ["i1", "i2"]
        assert [entry.time for entry in told.user(ANNA)[1]] == [NOON, NOON - late]
        counts = run(told.store.dump())["counts"]
        for family in (NOW, TODAY):
            of_late = [name for name, members in counts.items() if f"/{family.name}/" in name and "i2" in members]
            assert [int(name.split("/")[2]) for name in of_late] == [bucket_of(family, NOON - late)]


def test_the_gap_before_a_late_event_is_none() -> None:
    late = arriving(like(ANNA, "i1", "a", NOON), like(ANNA, "i2", "b", NOON - 3 * DAY))
    at_once = arriving(like(ANNA, "i1", "a", NOON), like(ANNA, "i2", "b", NOON))
    assert np.array_equal(late.user(ANNA)[0].embedding, at_once.user(ANNA)[0].embedding)


def test_an_event_from_the_future_counts_as_of_its_arrival() -> None:
    told = arriving(like(ANNA, "i1", "a", NOON + 365 * DAY), like(ANNA, "i2", "b", NOON + APART_MS + 1))
    assert [entry.time for entry in told.user(ANNA)[1]] == [NOON, NOON + APART_MS]


def test_two_devices_whose_clocks_differ_make_one_sequence_in_the_order_of_arrival() -> None:
    phone = [like(ANNA, f"phone{n}", f"p{n}", NOON - DAY + n) for n in range(3)]
    desk = [like(ANNA, f"desk{n}", f"d{n}", NOON + DAY + n) for n in range(3)]
    told = arriving(*(event for pair in zip(phone, desk, strict=True) for event in pair))
    assert told.items(ANNA) == ["phone0", "desk0", "phone1", "desk1", "phone2", "desk2"]
    assert told.user(ANNA)[0].count == 6


def test_the_mood_in_force_is_the_one_felt_last_not_the_one_that_came_last() -> None:
    late = arriving(feels("happy", "a", NOON), feels("sad", "b", NOON - 3 * DAY))
    state, history = late.user(ANNA)
    assert (LABELS[state.mood], state.mood_time) == ("happy", NOON)
    assert LABELS[history[-1].mood] == "sad"
    assert LABELS[late.learn(feels("calm", "c", NOON + 1), first_at=NOON + 1).user(ANNA)[0].mood] == "calm"
    ahead = arriving(feels("happy", "a", NOON + 365 * DAY), feels("sad", "b", NOON + APART_MS))
    assert LABELS[ahead.user(ANNA)[0].mood] == "sad"


def test_what_comes_after_an_alias_follows_it_however_old_it_says_it_is() -> None:
    told = arriving(
        like(ANNA, "i1", "a", NOON),
        Alias(event_id="al", time=NOON + DAY, user_id=ANNA, known_as=BEN),
        like(ANNA, "i2", "b", NOON - DAY),
    )
    assert [event.user_id for event in told.republished() if isinstance(event, Interaction)] == [BEN, BEN]
    assert told.user(ANNA)[0].count == 0


def test_what_an_alias_moves_stands_behind_what_the_known_user_had() -> None:
    told = arriving(like(BEN, "own", "o", NOON), like(ANNA, "i1", "a", NOON - DAY))
    told.learn(
        Alias(event_id="al", time=NOON, user_id=ANNA, known_as=BEN), like(BEN, "while", "w", NOON), first_at=NOON
    )
    told.learn(*told.republished(), first_at=NOON)
    assert told.items(BEN) == ["own", "while", "i1"]


def test_an_erasure_forgets_what_came_before_it_in_the_log_and_nothing_else() -> None:
    told = arriving(
        like(ANNA, "i1", "a", NOON),
        Erase(event_id="x", time=NOON - DAY, user_id=ANNA),
        like(ANNA, "i2", "b", NOON - 2 * DAY),
    )
    assert told.items(ANNA) == ["i2"]


def test_what_an_alias_still_had_on_its_way_when_the_known_user_was_erased_comes_after() -> None:
    told = arriving(like(ANNA, "i1", "a", NOON), Alias(event_id="al", time=NOON, user_id=ANNA, known_as=BEN))
    on_its_way = told.republished()
    told.learn(Erase(event_id="x", time=NOON, user_id=BEN), *on_its_way)
    assert told.items(BEN) == ["i1"]
    told.learn(Erase(event_id="y", time=NOON, user_id=BEN), *on_its_way)
    assert told.items(BEN) == []


def test_erasing_an_anonymous_user_ends_the_forwarding_and_leaves_the_known_one_alone() -> None:
    told = arriving(like(ANNA, "i1", "a", NOON), Alias(event_id="al", time=NOON, user_id=ANNA, known_as=BEN))
    told.learn(*told.republished(), Erase(event_id="x", time=NOON, user_id=ANNA), like(ANNA, "i2", "b", NOON))
    assert (told.items(ANNA), told.items(BEN)) == (["i2"], ["i1"])


def test_a_bundle_that_comes_back_gives_the_same_bytes_whenever_idle_users_are_moved() -> None:
    """A state of more than 256 events can't be made again as it was, so each change of the bundle is another turn."""
    many = [like(ANNA, f"i{n % 12}", f"e{n}", NOON) for n in range(300)]
    rest = [like(ANNA, "i9", "z", NOON)]
    ends = []
    for moves in ((), (1,), (2,), (1, 2)):
        told = Told().learn(bundle_change(0), *many)
        for turn, change in ((1, bundle_change(1)), (2, bundle_change(0))):
            told.learn(change)
            if turn in moves:
                run(told.learner.move_all(0))
        told.learn(*rest)
        ends.append(run(told.store.user(ANNA))[1])
    assert ends[0] == ends[1] == ends[2] == ends[3]
    assert told.user(ANNA)[0].bundle == VERSIONS[0]


def test_a_change_that_leaves_a_shard_on_its_bundle_makes_no_state_again() -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), bundle_change(0))
    run(told.learner.move_all(0))
    assert told.learner.tally["moved"] == 0
