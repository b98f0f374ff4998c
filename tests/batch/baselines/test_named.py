"""What every baseline promises."""

import numpy as np
import pytest

from batch.baselines.baseline import Items
from batch.baselines.named import BASELINES, FULL, Make
from contracts.events import Context, Interaction, MoodEvent
from tests.batch import synthetic
from tests.batch.baselines.logs import event

ALL = [*BASELINES, *FULL]
FROZEN = {"popularity"}


@pytest.mark.parametrize("make", BASELINES, ids=lambda make: make().name)
def test_scores_cover_all_items_and_grow_with_them(make: Make) -> None:
    head = synthetic.events(users=12, steps=12)
    items, baseline = Items(e.item_id for e in head), make()
    baseline.fit([MoodEvent(event_id="m", time=0, user_id="u0", mood="happy"), *head], items)
    for user in ("u0", "nobody"):
        found = baseline.scores(user, head[-1].time, Context(place="Ljubljana"))
        assert found.shape == (len(items),)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
    before = len(items)
    for number in range(3):
        baseline.learn(event(10**9 + number, "u0", f"new{number}"))
    assert baseline.scores("u0", head[-1].time, None).shape == (len(items),)
    items.row("newer")
    found = baseline.scores("nobody", head[-1].time, None)
    assert found.shape == (len(items),)
    assert found[-1] == found.min()
    assert len(items) == before + (4 if baseline.name not in FROZEN else 1)


@pytest.mark.parametrize("make", ALL, ids=lambda make: make().name)
@pytest.mark.parametrize("head", [[], [event(1, "u0", "a")], [event(1, f"u{n}", f"i{n}") for n in range(5)]])
def test_a_beginning_without_anything_to_fit_is_no_failure(make: Make, head: list[Interaction]) -> None:
    items, baseline = Items(), make()
    baseline.fit(head, items)
    assert baseline.scores("u0", 0, None).shape == (len(items),)
    for number, item in enumerate("bab"):
        baseline.learn(event(99 + number, "u0", item))
    assert np.isfinite(baseline.scores("u0", 0, None)).all()


@pytest.mark.parametrize("make", BASELINES, ids=lambda make: make().name)
def test_the_same_events_give_the_same_scores(make: Make) -> None:
    head = synthetic.events(users=12, steps=12)
    found = []
    for _ in range(2):
        baseline = make()
        baseline.fit(head[:-20], Items())
        for one in head[-20:]:
            baseline.learn(one)
        found.append(baseline.scores("u3", head[-1].time, None))
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize("make", BASELINES, ids=lambda make: make().name)
def test_what_is_disliked_or_skipped_counts_for_nothing(make: Make) -> None:
    head = synthetic.events(users=12, steps=12)
    baseline = make()
    baseline.fit(head, Items(e.item_id for e in head))
    before = baseline.scores("u0", 0, None)
    baseline.learn(event(10**9, "u0", head[0].item_id, kind="dislike"))
    baseline.learn(event(10**9, "u0", head[1].item_id, kind="skip"))
    assert np.array_equal(before, baseline.scores("u0", 0, None))


def test_names_are_distinct() -> None:
    assert len({make().name for make in ALL}) == len(ALL)
