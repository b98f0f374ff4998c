"""How good answers were by what followed them, and what became of events: counted once, however the log was cut."""

import random
from math import log, log2

import pytest

from contracts.events import Impression, Interaction, Shown
from online.learn.impressions import WINDOW_MS
from online.learn.learner import Learner
from online.learn.outgoing import Outgoing
from online.learn.quality import Quality
from online.store.impressions import Outcomes
from tests.online.learn.logs import START, USERS, Box, bundle_change, learner_of, random_log
from tests.online.learn.told import Told, like, run

ANNA = USERS[0]


def page(*items: str, first: int = 0, at: int = START) -> Impression:
    shown = [Shown(item, first + place, 1.0, 1.0) for place, item in enumerate(items)]
    name = f"page-{items[0]}-{first}"
    return Impression(event_id=name, time=at, user_id=ANNA, request_id=name, bundle="", shown=shown)


def asked(*log: Impression | Interaction) -> tuple[int, int, float]:
    """Items taken by users who had been shown something, those among the first ten, and their gains."""
    quality = Told().learn(bundle_change(0), *log).learner.account.quality
    return quality.asked, quality.hits, quality.gain


def test_what_stood_among_the_first_ten_is_a_hit_by_its_place() -> None:
    assert asked(page("i1", "i2", "i3"), like(ANNA, "i3", "a")) == (1, 1, 1 / log2(4))
    assert asked(page("i1", first=10), like(ANNA, "i1", "a")) == (1, 0, 0)
    assert asked(page("i1"), like(ANNA, "i9", "a")) == (1, 0, 0)


def test_the_newest_page_that_has_it_counts() -> None:
    assert asked(page("i1", first=4), page("i1", first=1), page("i2"), like(ANNA, "i1", "a")) == (1, 1, 1 / log2(3))


def test_who_was_shown_nothing_of_late_is_not_asked() -> None:
    assert asked(like(ANNA, "i1", "a")) == (0, 0, 0)
    assert asked(page("i1", at=START - WINDOW_MS - 1), like(ANNA, "i1", "a")) == (0, 0, 0)


def test_an_item_is_taken_once_and_what_is_turned_down_is_not_taken() -> None:
    again = (like(ANNA, "i1", "a"), like(ANNA, "i1", "b"), like(ANNA, "i1", "b"))
    assert asked(page("i1"), *again) == (1, 1, 1)
    turned = Interaction(event_id="c", time=START, user_id=ANNA, item_id="i1", kind="dislike")
    assert asked(page("i1"), turned) == (0, 0, 0)


def test_probabilities_are_told_again_from_their_losses() -> None:
    quality = Quality()
    quality.outcome([Outcomes(7, [0, 1], [0.1, 0.2], [True, False])], {7: [-log(0.25), 0.0]})
    quality.outcome([Outcomes(8, [0], [0.1], [True])], {})  # by a calibrator that knew nothing yet
    assert quality.outcomes == {True: 2, False: 1}
    assert quality.judged == {True: 1, False: 1}
    assert quality.stated == pytest.approx(0.25)


@pytest.mark.parametrize("seed", range(3))
def test_counts_dont_depend_on_how_the_log_is_cut_nor_on_what_comes_twice(seed: int) -> None:
    log = random_log(random.Random(seed), 300)
    whole, pieces = Told().learn(*log).learner, Told()
    for start in range(0, len(log), 7):
        pieces.learn(*log[start : start + 7])
    pieces._next = 0
    pieces.learn(*log[:40])  # redelivered
    assert counts(pieces.learner) == counts(whole)
    assert whole.account.quality.asked > 3
    assert sum(whole.account.events.values()) == len(log)


def counts(learner: Learner) -> tuple[dict[tuple[str, str], int], dict[bool, int], int, int, float]:
    quality = learner.account.quality
    events = {which: times for which, times in learner.account.events.items() if "redelivered" not in which and times}
    return events, quality.outcomes, quality.asked, quality.hits, round(quality.gain, 6)


def test_a_batch_that_was_learned_in_vain_is_counted_when_it_is_learned() -> None:
    class Away(Box):
        away = True

        async def __call__(self, outgoing: "list[Outgoing]") -> None:  # type: ignore[override]
            if self.away and outgoing:
                raise ConnectionError("Kafka is away")
            await super().__call__(outgoing)

    boxes: list[Away] = []

    def made(store: object, _: Box) -> Learner:
        boxes.append(Away())
        return learner_of(store, boxes[0])  # type: ignore[arg-type]

    told = Told(made)
    with pytest.raises(ConnectionError):
        told.learn(bundle_change(0), page("i1"), like(ANNA, "i1", "a"))
    assert told.learner.account.quality.asked == 0
    boxes[0].away = False
    told._next = 0
    run(told.learner.assign(0, "topic-1"))
    told.learn(bundle_change(0), page("i1"), like(ANNA, "i1", "a"))
    assert told.learner.account.events["like", "applied"] == 1


def test_what_is_set_aside_is_counted_by_error_and_by_kind() -> None:
    told = Told().learn(bundle_change(0), b"nothing", b'{"type":"mood"}', like(ANNA, "i1", "a"))
    assert told.learner.account.letters == {"InvalidEvent": 2}
    counted = {which: times for which, times in told.learner.account.events.items() if times}
    assert counted == {("bundle", "applied"): 1, ("unread", "refused"): 2, ("like", "applied"): 1}
