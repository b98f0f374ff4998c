"""What trains and what is scored is cut by the book."""

import pytest
from msgspec import structs

from batch.dataset import UserEvent
from batch.evaluate.protocol import MOST_OF_A_USER, Protocol
from batch.evaluate.split import split
from contracts.errors import Misconfigured
from contracts.events import MoodEvent
from tests.batch.evaluate.logs import START, event, noise


def test_the_first_four_fifths_in_time_train() -> None:
    log = noise(100)
    cut = split(log[::-1], Protocol())
    assert list(cut.head) == log[:80]
    assert [step.event for step in cut.steps] == log[80 : 80 + len(cut.steps)]


def test_what_a_user_has_had_is_asked_for_again_only_where_items_repeat() -> None:
    log = [event(n, "u", "ab"[n // 2 % 2]) for n in range(40)]
    with pytest.raises(Misconfigured, match="too short"):
        split(log, Protocol())
    assert len(split(log, Protocol(repeats="kept")).targets) == 8
    collapsed = split(log, Protocol(repeats="collapsed"))
    assert [step.previous != one.item_id for one, step in collapsed.targets] == [True] * 4


def test_long_users_are_cut_and_a_shorter_replay_is_a_prefix() -> None:
    one = [event(number, "u0" if number > 1600 else "u1", f"n{number}") for number in range(2050)]
    assert len(split(one, Protocol()).targets) == MOST_OF_A_USER
    seven = split(one, Protocol(max_events=7))
    assert len(seven.targets) == 7
    assert seven.steps[-1].scored


def test_moods_and_dislikes_are_learned_and_not_scored() -> None:
    mood = MoodEvent(event_id="m", time=START + 95_500, user_id="u", mood="sad")
    log: list[UserEvent] = [*(event(n, "u", f"i{n}", "dislike" if n == 98 else "like") for n in range(100)), mood]
    cut = split(log, Protocol())
    assert [getattr(step.event, "item_id", "mood") for step in cut.steps if not step.scored] == ["mood", "i98"]


def test_an_event_that_was_sent_twice_is_one() -> None:
    log = [event(n, "u", f"i{n}") for n in range(20)]
    assert split([*log, *log], Protocol()) == split(log, Protocol())
    again = structs.replace(log[2], time=log[19].time)
    assert split([*log, again], Protocol()) == split(log, Protocol())


def test_a_step_knows_its_users_past() -> None:
    log = [event(n, f"u{n % 2}", f"i{n}") for n in range(10)]
    first, second = split(log, Protocol()).steps
    assert (first.previous, first.history, first.gap) == ("i6", 4, 2000)
    assert (second.previous, second.history, second.gap) == ("i7", 4, 2000)


def test_before_a_step_is_exactly_what_came_before_it() -> None:
    log = [event(n, "u", f"i{n}") for n in range(20)]
    assert split(log, Protocol()).before(2) == log[:18]
