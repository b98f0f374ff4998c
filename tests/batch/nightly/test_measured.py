"""What is foretold of a night is spread over all that was held out, and no user has much of it."""

import random
from collections import Counter

from batch.log import of_events
from batch.nightly.measured import CANDIDATE, SERVING, _steps, measured
from batch.nightly.terms import Terms
from contracts.events import Interaction
from tests.batch.nightly.world import AFTER, BEFORE
from tests.fakes.bundle import random_bundle


def scored(terms: Terms, tail: list[Interaction] = AFTER) -> list[tuple[int, str]]:
    return [(n, step.event.user_id) for n, step in enumerate(_steps(BEFORE, tail, "kept", terms)) if step.scored]


def test_what_is_scored_is_spread_over_all_of_it() -> None:
    places = [place for place, _ in scored(Terms(events=200))]
    assert len(places) == 200
    assert places[0] < 10
    assert places[-1] > len(AFTER) - 10


def test_a_user_who_does_most_of_it_is_scored_for_little() -> None:
    bot = [Interaction(event_id=f"b{n}", time=AFTER[-1].time + n, user_id="bot", item_id="r0i0") for n in range(400)]
    by = Counter(user for _, user in scored(Terms(events=400), [*AFTER, *bot]))
    assert by.total() == 400
    assert 0 < by["bot"] <= 20


def test_there_are_as_many_as_wanted_whatever_the_order_in_which_users_come() -> None:
    for seed in range(20):
        shuffled = random.Random(seed).sample(AFTER, len(AFTER))
        assert len(scored(Terms(events=200), shuffled)) == 200


def test_of_a_night_in_which_nothing_can_be_foretold_nothing_is() -> None:
    assert scored(Terms(), []) == []


def test_a_bundle_is_as_good_as_itself() -> None:
    bundle = random_bundle(32)
    log = of_events([*BEFORE, *AFTER[:200]])
    told: list[tuple[str, int, int]] = []
    found = measured(bundle, bundle, log, len(BEFORE), True, Terms(), lambda *said: told.append(said))
    assert found.events == 200
    assert tuple(found.gained[SERVING]) == (0, 0, 0)
    assert found.systems[CANDIDATE] == found.systems[SERVING]
    assert set(found.systems) == {CANDIDATE, SERVING, "popularity_online", "item_knn"}
    assert told[-1] == ("foretelling", 200, 200)
