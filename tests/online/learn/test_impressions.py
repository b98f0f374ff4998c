"""What becomes of what was shown: taken, abandoned, shown again and again, sent twice."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import events
from contracts.events import Alias, Context, Erase, Impression, Interaction, MoodEvent, Shown
from contracts.kinds import Kind
from online.learn.enrich import Enricher
from online.learn.fold import Working
from online.learn.impressions import KEPT, WINDOW_MS, decided, fatigue
from online.learn.learner import Learner
from online.store.impressions import (
    Impressions,
    Outcomes,
    Page,
    PassedOver,
    float32,
    pack_impressions,
    unpack_impressions,
)
from online.store.memory import MemoryStore
from online.store.state import id_hash
from tests.online.learn.logs import START, TOPIC_ID, USERS, Box, learner_of, records

ANNA, BEN = USERS[:2]
MINUTE, DAY = 60_000, 24 * 3_600_000


class Life:
    """One user's events folded one by one; offsets count up."""

    def __init__(self) -> None:
        self.user = Working(ANNA, None, "", TOPIC_ID)
        self.offset = -1

    def __call__(self, event: events.UserEvent) -> str:
        self.offset += 1
        row = Enricher().enrich(event, partition=0, offset=self.offset, arrival=event.time)
        return self.user.apply(event, row)

    def show(self, *items: str, at: int = 0, request: str = "r", name: str = "") -> str:
        return self(page(*items, at=at, request=request, name=name or f"p{self.offset}"))

    def take(self, item: str, at: int = 0, kind: Kind = "click", request: str | None = None) -> str:
        context = Context(request_id=request) if request else None
        name = f"c{self.offset}"
        return self(Interaction(event_id=name, time=START + at, user_id=ANNA, item_id=item, kind=kind, context=context))

    def now(self) -> list[tuple[int, bool]]:
        """What the last event found out: the positions, and whether what stood there was taken."""
        (found,) = list(decided(self.user.shown, self.offset)) or [Outcomes(self.offset, [], [], [])]
        return list(zip(found.positions, found.taken, strict=True))

    def tired(self, at: int = 0) -> dict[str, float]:
        return dict(fatigue(self.user.shown, START + at))


def page(*items: str, at: int = 0, request: str = "r", name: str = "p", user: str = ANNA) -> Impression:
    shown = [Shown(item, place, 1.0 - place / 10, 1.0) for place, item in enumerate(items)]
    return Impression(event_id=name, time=START + at, user_id=user, request_id=request, bundle="", shown=shown)


@pytest.fixture
def life() -> Life:
    return Life()


def test_a_page_is_decided_as_a_whole_by_the_first_event_after_its_window(life: Life) -> None:
    life.show("a", "b", "c")
    life.take("b", MINUTE)
    assert life.now() == []
    life.take("z", WINDOW_MS)
    assert life.now() == []
    life.take("z", WINDOW_MS + 1)
    assert life.now() == [(0, False), (1, True), (2, False)]
    assert life.user.shown.outcomes[-1].scores == [1.0, float32(0.9), float32(0.8)]


def test_what_is_taken_after_the_window_was_abandoned(life: Life) -> None:
    life.show("a", "b")
    life.take("a", WINDOW_MS + 1)
    assert life.now() == [(0, False), (1, False)]


def test_any_event_of_the_user_ends_a_window(life: Life) -> None:
    life.show("a")
    life(MoodEvent(event_id="m", time=START + WINDOW_MS + 1, user_id=ANNA, mood="happy"))
    assert life.now() == [(0, False)]
    life.show("b", at=WINDOW_MS)
    life.show("c", "d", at=WINDOW_MS)
    life.show("e", at=3 * WINDOW_MS)
    assert life.now() == [(0, False), (0, False), (1, False)]


@pytest.mark.parametrize("kind", ["dislike", "skip"])
def test_what_is_turned_down_is_no_positive_whatever_comes_after(life: Life, kind: Kind) -> None:
    life.show("a")
    life.take("a", kind=kind)
    life.take("a")
    assert life.tired() == {}
    life.take("z", WINDOW_MS + 1)
    assert life.now() == [(0, False)]
    assert life.tired() == {}


def test_an_item_that_several_pages_showed_is_taken_on_all_of_them_unless_the_click_names_one(life: Life) -> None:
    life.show("a", "b", request="r1")
    life.show("b", "a", request="r2")
    life.take("a", request="elsewhere")
    life.take("b", request="r2")
    life.take("z", WINDOW_MS + 1)
    assert life.now() == [(0, True), (0, True), (1, True)]


def test_an_impression_that_comes_twice_counts_once(life: Life) -> None:
    assert life.show("a", name="same") == "noted"
    assert life.show("a", name="same") == "duplicate"
    assert life.tired() == {"a": 1.0}


def test_a_page_that_shows_an_item_twice_shows_it_once(life: Life) -> None:
    life.show("a", "b", "a")
    life.take("a")
    life.take("z", WINDOW_MS + 1)
    assert life.now() == [(2, True), (1, False)]


def test_fatigue_grows_with_each_showing_fades_with_age_and_ends_when_the_item_is_taken(life: Life) -> None:
    assert life.tired() == {}
    for n in range(3):
        life.show("a", "b", at=n * MINUTE, request=f"r{n}")
    assert life.tired(2 * MINUTE) == pytest.approx({"a": 3.0, "b": 3.0}, rel=0.01)
    life.take("b", 3 * MINUTE)
    life.show("a", at=2 * WINDOW_MS)
    assert life.tired(2 * WINDOW_MS) == pytest.approx({"a": 4.0}, rel=0.05)
    assert life.tired(2 * WINDOW_MS + DAY) == pytest.approx({"a": 2.0}, rel=0.05)
    life.show("c", at=20 * DAY)
    life.show("c", at=21 * DAY)
    assert set(life.tired(21 * DAY)) == {"c"}


def test_what_is_kept_is_bounded(life: Life) -> None:
    for n in range(60):
        life.show(*(f"i{n}-{k}" for k in range(20)), request=f"r{n}")
    shown = life.user.shown
    assert sum(len(page.items) for page in shown.pages) == 200
    assert len(shown.passed_over) == 128
    assert len(shown.outcomes) == KEPT
    assert life.now() == [(place, False) for place in range(20)]
    assert len(pack_impressions(shown)) < 9000


def test_a_page_larger_than_the_bound_waits_whole(life: Life) -> None:
    life.show(*(f"i{n}" for n in range(200)))
    life.show("a")
    assert [len(page.items) for page in life.user.shown.pages] == [1]


@pytest.mark.parametrize(
    "end", [Erase(event_id="x", time=START, user_id=ANNA), Alias(event_id="x", time=START, user_id=ANNA, known_as=BEN)]
)
def test_an_erasure_and_an_alias_leave_nothing_behind_but_ids(life: Life, end: events.UserEvent) -> None:
    life.show("a", name="p")
    life(end)
    assert life.user.shown == Impressions(ids=[id_hash("p")])


def test_impressions_of_an_anonymous_user_are_forwarded_to_the_known_one() -> None:
    store, box = MemoryStore(), Box()
    learner = learner_of(store, box)

    async def work(learner: Learner) -> None:
        await learner.assign(0, TOPIC_ID)
        await learner.learn(0, records([Alias(event_id="x", time=START, user_id=ANNA, known_as=BEN), page("a")]))

    asyncio.run(work(learner))
    (again,) = [events.decode(out.value) for out in box if out.topic.name == "events"]
    assert isinstance(again, Impression)
    assert (again.user_id, again.event_id, again.forwards) == (BEN, "p", 1)


NUMBERS = st.integers(0, 2**40)
ROWS = st.lists(
    st.tuples(
        st.text(max_size=8),
        st.integers(0, 10**6),
        st.floats(width=32, allow_nan=False),
        st.integers(0, 3),
        st.booleans(),
    )
)
Rows = list[tuple[str, int, float, int, bool]]


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS, ROWS), max_size=4),
    st.dictionaries(st.text(max_size=8), st.tuples(st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1))),
    st.lists(st.tuples(NUMBERS, ROWS), max_size=4),
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4),
)
def test_impressions_come_back_as_they_were_packed(
    pages: list[tuple[int, int, Rows]],
    over: dict[str, PassedOver],
    outcomes: list[tuple[int, Rows]],
    ids: list[int],
) -> None:
    def columns(rows: Rows, *which: int) -> list[Any]:
        return [[row[column] for row in rows] for column in which]

    shown = Impressions(
        [Page(time, request, *columns(rows, 0, 1, 2, 3)) for time, request, rows in pages],
        over,
        [Outcomes(offset, *columns(rows, 1, 2, 4)) for offset, rows in outcomes],
        ids,
    )
    assert unpack_impressions(pack_impressions(shown)) == shown


def test_a_user_who_was_never_shown_anything_costs_nothing() -> None:
    assert pack_impressions(Impressions()) == b""
    assert unpack_impressions(b"") == Impressions()
