"""Retraining comes when it was said, and never before something was scored."""

import pytest

from batch.evaluate.protocol import Protocol
from batch.evaluate.schedule import schedule
from batch.evaluate.split import split
from contracts.errors import Misconfigured
from contracts.events import Interaction
from tests.batch.evaluate.logs import START, event

DAY_MS = 24 * 3600 * 1000
STEPS = split([event(n, "u", f"i{n}", "dislike" if n % 2 else "like") for n in range(1000)], Protocol()).steps


def test_every_so_many_scored_events() -> None:
    places = sorted(schedule("every=30", STEPS).places)
    assert [sum(step.scored for step in STEPS[:place]) for place in places] == [30, 60, 90]


def test_five_times_where_nothing_is_said() -> None:
    found = schedule("", STEPS)
    assert (found.name, len(found.places)) == ("every=17", 5)
    assert "17" in found.words


def test_never_is_never() -> None:
    assert schedule("never", STEPS).places == frozenset()


def test_nightly_is_before_the_first_event_of_each_day() -> None:
    def on(day: int, n: int) -> Interaction:
        time = START // DAY_MS * DAY_MS + day * DAY_MS + n
        return Interaction(event_id=f"{day}-{n}", time=time, user_id="u", item_id=f"{day}-{n}")

    log = [on(0, n) for n in range(100)] + [on(day, n) for day in (0, 1, 4) for n in range(200, 208)]
    steps = split(log, Protocol()).steps
    days = [steps[place].event.time // DAY_MS - START // DAY_MS for place in sorted(schedule("nightly", steps).places)]
    assert days == [1, 4]


@pytest.mark.parametrize("said", ["every", "every=0", "every=x", "daily"])
def test_anything_else_is_refused(said: str) -> None:
    with pytest.raises(Misconfigured, match="every=N"):
        schedule(said, STEPS)
