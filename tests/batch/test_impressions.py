"""What was shown is asked for at its page, and what was left on it pushes down what is shown and abandoned again."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from batch.impressions import Choice, choices
from batch.logged import log_requests
from batch.ranking import fit_ranker
from batch.replay import Logged, Replay
from contracts.events import Context, Impression, Interaction, MoodEvent, Shown
from contracts.kinds import Kind
from model.bundle import Bundle
from online.answer.asked import Ask
from online.learn.impressions import WINDOW_MS
from tests.fakes.bundle import random_bundle

START = 1_700_000_000_000
PAGE = 8


def page(request: str, *items: str, at: int = 0, user: str = "u") -> Impression:
    shown = [Shown(item, place, 0.5, 1.0) for place, item in enumerate(items)]
    return Impression(event_id=request, time=START + at, user_id=user, request_id=request, bundle="", shown=shown)


def click(
    item: str, at: int, request: str | None = None, user: str = "u", kind: Kind = "click", value: float | None = None
) -> Interaction:
    context = Context(request_id=request) if request else None
    return Interaction(
        event_id=f"{user}{item}{at}",
        time=START + at,
        user_id=user,
        item_id=item,
        kind=kind,
        value=value,
        context=context,
    )


END = MoodEvent(event_id="end", time=START + 9 * WINDOW_MS, user_id="somebody", mood="calm")


def test_an_item_is_asked_for_before_the_page_that_showed_it_and_what_was_abandoned_there_was_left() -> None:
    taken = click("b", 5)
    assert choices([page("r1", "a", "b", "c"), taken, page("r2", "d", at=9), END]) == {0: [Choice(taken, ["a", "c"])]}


def test_what_was_not_shown_is_asked_for_before_itself() -> None:
    other, late, somebody = click("z", 5), click("a", 2 * WINDOW_MS), click("a", 6, user="v")
    log: list[Logged] = [page("r", "a"), other, somebody, late]
    assert choices(log) == {1: [Choice(other)], 2: [Choice(somebody)], 3: [Choice(late)]}


def test_nothing_is_abandoned_before_the_window_is_over() -> None:
    taken, late = click("a", WINDOW_MS), click("z", WINDOW_MS + 1)
    assert choices([page("r", "a", "b"), taken]) == {0: [Choice(taken, [])]}
    assert choices([page("r", "a", "b"), taken, late])[0] == [Choice(taken, ["b"])]


def test_of_several_pages_the_newest_counts_unless_the_click_names_another() -> None:
    pages = [page("r1", "a", "b"), page("r2", "a", "c")]
    plain, named = click("a", 5), click("a", 5, "r1")
    assert choices([*pages, plain, END]) == {1: [Choice(plain, ["c"])]}
    assert choices([*pages, named, END]) == {0: [Choice(named, ["b"])]}


def test_two_items_of_one_page_are_two_choices() -> None:
    first, second = click("a", 5), click("b", 6)
    assert choices([page("r", "a", "b", "c"), first, second, END]) == {0: [Choice(first, ["c"]), Choice(second, ["c"])]}


def test_what_was_turned_down_was_left_and_what_was_disliked_is_not_asked_for() -> None:
    bad, good = click("b", 5, kind="rating", value=0.5), click("a", 6)
    assert choices([page("r", "a", "b"), bad, good]) == {0: [Choice(good, ["b"])]}


def test_an_impression_that_comes_twice_counts_once() -> None:
    taken = click("a", 5)
    assert choices([page("r", "a"), page("r", "a"), taken, END]) == {0: [Choice(taken, [])]}


def visits(users: int, comes_back: bool, seed: int = 0) -> list[Logged]:
    """Users are shown random pages and take one item of each.

    Mostly it is one of those that they were shown before and left, or, unless it `comes_back`, mostly a new one.
    """
    rng = random.Random(seed)
    log: list[Logged] = []
    for user in range(users):
        left: set[str] = set()
        had: set[str] = set()
        for turn in range(5):
            at = 2 * WINDOW_MS * (5 * user + turn)
            items = rng.sample([f"i{n}" for n in range(40) if f"i{n}" not in had], PAGE)
            wanted = [item for item in items if (item in left) == comes_back]
            taken = rng.choice(wanted or items) if rng.random() < 0.9 else rng.choice(items)
            left |= set(items) - {taken}
            had.add(taken)
            log.append(page(f"r{user}-{turn}", *items, at=at, user=f"u{user}"))
            log.append(click(taken, at + 60_000, user=f"u{user}"))
    return log


def test_requests_are_those_of_the_pages_with_all_that_was_shown() -> None:
    bundle, log = random_bundle(40), visits(30, comes_back=False)
    found = log_requests(bundle, log[:100], log[100:]).requests()
    assert len(found) == 100
    tired = found.features[:, found.names.index("tired")]
    assert not tired[found.starts[0] : found.starts[1]].any()
    assert tired[found.starts[1] : found.starts[2]].any()
    assert tired[found.chosen].mean() < tired.mean() / 2


def falls(bundle: Bundle) -> float:
    """How many places an item loses, on the mean, by being shown once and left."""

    async def ranks() -> float:
        replay = await Replay.on(bundle)
        lost = []
        for number in range(20):
            ask = Ask(user_id=f"new{number}", n=40, diversity=0)
            before = [one.item_id for one in (await replay.ask(ask, START)).items]
            shown = page(f"n{number}", *before[:3], user=ask.user_id)
            await replay.learn([shown])
            later = [one.item_id for one in (await replay.ask(ask, START + WINDOW_MS + 1)).items]
            lost += [later.index(item) - before.index(item) for item in before[:3]]
        return sum(lost) / len(lost)

    return asyncio.run(ranks())


def fitted_on(log: Sequence[Logged]) -> Bundle:
    """The random bundle with a ranker fitted on these visits."""
    bundle = random_bundle(40)
    return replace(bundle, ranker=fit_ranker(bundle, log[:50], log[50:]).ranker())


@pytest.mark.timeout(450)  # hundreds of requests: minutes where others want the cores
def test_a_ranker_fitted_on_impressions_ranks_what_was_shown_and_abandoned_lower() -> None:
    assert falls(fitted_on(visits(150, comes_back=False))) > falls(random_bundle(40)) + 5


@pytest.mark.timeout(450)
def test_one_fitted_where_users_come_back_to_what_they_left_does_not() -> None:
    assert falls(fitted_on(visits(150, comes_back=True))) < falls(random_bundle(40))
