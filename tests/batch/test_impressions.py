"""From a log with impressions to pages with what was taken, as the learner sees them."""

import asyncio
import random

import pytest

from batch.impressions import COLUMNS, events_of, examples
from contracts.events import Alias, BundleChange, Context, Erase, Impression, Interaction, MoodEvent, Shown, UserEvent
from online.lake.write import to_table
from online.learn.calibration import unpack_fitted
from online.learn.enrich import Enricher
from online.learn.impressions import WINDOW_MS
from online.store.memory import MemoryStore
from tests.online.learn.logs import START, TOPIC_ID, learner_of, random_log, records


def page(request: str, *items: str, at: int = 0, user: str = "u") -> Impression:
    shown = [Shown(item, place, 0.5, 1.0) for place, item in enumerate(items)]
    return Impression(event_id=request, time=START + at, user_id=user, request_id=request, bundle="", shown=shown)


def click(item: str, at: int, request: str | None = None, user: str = "u") -> Interaction:
    context = Context(request_id=request) if request else None
    return Interaction(event_id=f"{item}{at}", time=START + at, user_id=user, item_id=item, context=context)


END = click("z", 9 * WINDOW_MS, user="somebody")


def test_what_was_taken_in_time_is_a_positive_and_what_was_abandoned_a_negative() -> None:
    log: list[UserEvent] = [
        page("r1", "a", "b", "c"),
        click("b", 5),
        page("r2", "d", at=9),
        click("d", 9 * WINDOW_MS),
        END,
    ]
    first, second = examples(log)
    assert first == ("u", "r1", START, ["a", "b", "c"], [0, 1, 2], [0.5] * 3, [False, True, False])
    assert (second.request_id, second.items, second.taken) == ("r2", ["d"], [False])


def test_a_page_whose_window_is_not_over_is_no_example_yet() -> None:
    assert examples([page("r", "a"), click("a", WINDOW_MS)]) == []
    assert len(examples([page("r", "a"), click("a", WINDOW_MS), END])) == 1
    assert examples([]) == []


def test_a_click_that_names_its_page_leaves_the_item_out_of_the_others() -> None:
    log: list[UserEvent] = [page("r1", "a", "b"), page("r2", "a"), click("a", 5, "r2"), END]
    assert [(one.items, one.taken) for one in examples(log)] == [(["b"], [False]), (["a"], [True])]


def test_an_impression_that_comes_twice_is_one_example() -> None:
    assert len(examples([page("r", "a"), page("r", "a"), END])) == 1


@pytest.mark.parametrize(
    "gone", [Erase(event_id="x", time=START, user_id="u"), Alias(event_id="x", time=START, user_id="u", known_as="v")]
)
def test_what_was_undecided_when_the_user_went_has_no_outcome(gone: UserEvent) -> None:
    assert examples([page("r", "a"), gone, END]) == []


def test_a_mood_that_nobody_knows_changes_nothing() -> None:
    log: list[UserEvent] = [
        page("r", "a"),
        MoodEvent(event_id="m", time=START, user_id="u", mood="klonk"),
        click("a", 5),
        END,
    ]
    assert [one.taken for one in examples(log)] == [[True]]


def test_the_lake_gives_the_same_examples_as_the_log() -> None:
    log: list[UserEvent] = [
        page("r1", "a", "b"),
        page("r2", "a"),
        click("a", 5, "r2"),
        MoodEvent(event_id="m", time=START, user_id="u", mood="happy"),
        page("r3", "c", user="v"),
        Erase(event_id="x", time=START, user_id="v"),
        Alias(event_id="y", time=START, user_id="w", known_as="v"),
        END,
    ]
    enricher = Enricher()
    rows = [enricher.enrich(event, partition=0, offset=n, arrival=event.time) for n, event in enumerate(log)]
    table = to_table(rows).select(list(COLUMNS))
    assert [type(event) for event in events_of(table)] == [type(event) for event in log]
    assert examples(events_of(table)) == examples(log) != []


@pytest.mark.parametrize("seed", range(10))
def test_the_examples_are_the_outcomes_that_the_learner_calibrates_by(seed: int) -> None:
    log = [event for event in random_log(random.Random(seed), 60) if not isinstance(event, BundleChange)]
    users = sorted({event.key for event in log})
    last = max(event.time for event in log) + 2 * WINDOW_MS
    log += [MoodEvent(event_id=f"end-{user}", time=last, user_id=user, mood="calm") for user in users]
    raws = [raw._replace(time=event.time) for raw, event in zip(records(log), log, strict=True)]

    async def fitted() -> tuple[int, int]:
        store = MemoryStore()
        learner = learner_of(store)
        await learner.assign(0, TOPIC_ID)
        await learner.learn(0, raws)
        found = unpack_fitted((await store.calibrators())[0])
        return found.shown, found.taken

    taken = [was for one in examples([_event(event) for event in log]) for was in one.taken]
    assert (len(taken), sum(taken)) == asyncio.run(fitted())


def _event(event: object) -> UserEvent:
    assert isinstance(event, Interaction | MoodEvent | Impression)
    return event
