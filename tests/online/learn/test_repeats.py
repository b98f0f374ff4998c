"""What producers send twice: an `event_id` among the user's last 256 events has no second effect, whatever its type."""

import pytest

from contracts import events
from contracts.events import Alias, Erase, Impression, MoodEvent, Shown
from online.store.state import HISTORY
from tests.online.learn.logs import START, USERS, bundle_change
from tests.online.learn.told import Told, like, run

ANNA, BEN, CARA, _ = USERS
SHOWN = [Shown("i1", 0, 1.0, 1.0)]
ERASE = Erase(event_id="x", time=START, user_id=ANNA)
ALIAS = Alias(event_id="al", time=START, user_id=ANNA, known_as=BEN)
EACH: tuple[events.UserEvent, ...] = (
    like(ANNA, "i1", "e"),
    MoodEvent(event_id="e", time=START, user_id=ANNA, mood="sad"),
    Impression(event_id="e", time=START, user_id=ANNA, request_id="r", bundle="", shown=SHOWN),
    Erase(event_id="e", time=START, user_id=ANNA),
    Alias(event_id="e", time=START, user_id=ANNA, known_as=BEN),
)


@pytest.mark.parametrize("event", EACH, ids=lambda event: type(event).__name__)
def test_a_second_sending_leaves_the_user_as_they_are(event: events.UserEvent) -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i7", "first"), event)
    before, sent = run(told.store.user(ANNA))[1], told.republished()
    told.learn(event)
    assert run(told.store.user(ANNA))[1] == before
    assert told.republished() == sent
    assert told.learner.tally["duplicate"] == 1


def test_an_erasure_sent_again_erases_nothing_that_came_after_it() -> None:
    told = Told().learn(like(ANNA, "i1", "a"), ERASE, like(ANNA, "i2", "b"), ERASE)
    assert told.items(ANNA) == ["i2"]


def test_what_was_erased_or_moved_is_not_brought_back_by_sending_it_again() -> None:
    for end in (ERASE, ALIAS):
        told = Told().learn(like(ANNA, "i1", "a"), end, like(ANNA, "i1", "a"))
        assert told.learner.tally["duplicate"] == 1
        assert told.user(ANNA)[0].count == 0


def test_an_alias_sent_again_is_not_back_in_force() -> None:
    later = Alias(event_id="al2", time=START, user_id=ANNA, known_as=CARA)
    assert Told().learn(ALIAS, later, ALIAS).user(ANNA)[0].forward == CARA
    assert Told().learn(ALIAS, ERASE, ALIAS).user(ANNA)[0].forward == ""


def test_an_erasure_is_known_for_as_long_as_256_events() -> None:
    told = Told().learn(ERASE, *(like(ANNA, f"i{n}", f"e{n}") for n in range(HISTORY)), ERASE)
    assert told.user(ANNA)[0].count == HISTORY


def test_impressions_are_known_among_the_last_256() -> None:
    def page(name: str) -> Impression:
        return Impression(event_id=name, time=START, user_id=ANNA, request_id=name, bundle="", shown=SHOWN)

    told = Told().learn(*(page(f"p{n}") for n in range(HISTORY)), page("p0"))
    assert told.learner.tally["duplicate"] == 1


def test_what_an_alias_moves_was_counted_when_it_was_done_and_is_not_counted_again() -> None:
    told = Told().learn(bundle_change(0), like(ANNA, "i1", "a"), like(ANNA, "i2", "b"), ALIAS, like(ANNA, "i3", "c"))
    told.learn(*told.republished())
    assert told.items(BEN) == ["i1", "i2", "i3"]
    assert told.taken() == 3


def test_an_alias_that_is_carried_out_again_after_a_crash_moves_nothing_twice() -> None:
    """The whole history of the anonymous user comes a second time, with events of the known one's own between."""
    told = Told().learn(*(like(ANNA, f"i{n}", f"e{n}") for n in range(HISTORY)), ALIAS)
    moved = told.republished()
    assert len(moved) == HISTORY
    told.learn(*moved, like(BEN, "own", "own"), *moved)
    assert told.user(BEN)[0].count == HISTORY + 1
    assert told.items(BEN)[-1] == "own"
