"""Baselines that read the live history rank as one would by hand."""

import numpy as np
import pytest

from batch.baselines.als import Als
from batch.baselines.baseline import Items
from batch.baselines.covisitation import Covisitation
from batch.baselines.ease import Ease
from batch.baselines.item_knn import ItemKnn
from batch.baselines.live import Live
from batch.baselines.recent import Recent
from batch.baselines.session_knn import SessionKnn
from contracts.events import Context
from tests.batch.baselines.logs import event, taken

KNOWING = (Covisitation, ItemKnn, SessionKnn, Als, Ease)
HEAD = taken(*[f"u{n} abc" for n in range(8)], *[f"v{n} xyz" for n in range(12)])


def best(baseline: Live, user: str, without: str = "") -> str:
    found = baseline.scores(user, 0, None)
    return max((item for item in baseline.items.ids if item not in without), key=lambda i: found[baseline.items.row(i)])


@pytest.mark.parametrize("make", KNOWING)
def test_one_click_of_a_new_user_says_what_comes_next(make: type[Live]) -> None:
    baseline = make()
    baseline.fit(HEAD, Items())
    assert best(baseline, "new") in "xyz"
    baseline.learn(event(999, "new", "a"))
    assert best(baseline, "new", without="a") in "bc"


@pytest.mark.parametrize("make", [Covisitation, ItemKnn, SessionKnn])
def test_an_item_of_the_replay_is_known_at_once(make: type[Live]) -> None:
    baseline = make()
    baseline.fit(HEAD, Items())
    for one in taken("w new!a", start=900):
        baseline.learn(one)
    baseline.learn(event(999, "other", "!"))
    assert best(baseline, "other", without="!") in "newa"


def test_recent_goes_back_to_the_newest_then_to_what_is_popular() -> None:
    baseline = Recent()
    baseline.fit([*HEAD, *taken("w bca", start=900)], Items("abcxyz"))
    found = baseline.scores("w", 0, None)
    order = "".join(baseline.items.ids[row] for row in np.argsort(-found, kind="stable"))
    assert order[:3] == "acb"
    assert set(order[3:]) == set("xyz")


def test_a_session_of_the_context_ends_where_it_says() -> None:
    one, two = Context(session="1"), Context(session="2")
    apart = [event(n, f"u{n % 5}", "ab"[n // 5], context=(one, two)[n // 5]) for n in range(10)]
    baseline = SessionKnn()
    baseline.fit([*apart, *taken("w ccc", "x ccc", start=50)], Items("abc"))
    baseline.learn(event(99, "new", "a", context=one))
    assert best(baseline, "new", without="a") == "c"
