"""Leave-one-out by the papers' protocol: the cut, the curve, the test."""

from itertools import count
from types import SimpleNamespace

import msgspec
import pytest

from batch.leave_one_out import CHECKS, leave_one_out
from batch.left_out import left_out
from batch.plan import Plan
from batch.published import Size, published
from contracts.errors import Misconfigured
from contracts.events import Interaction, MoodEvent
from tests.batch import synthetic

SMALL = Plan(hidden=16, dim=8, threads=1, tokens=256, dropout=0.1, unknown=0.0)


@pytest.fixture
def _steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget buys as many steps on any machine: each look at the clock takes a hundredth of a second."""
    ticks = count()
    monkeypatch.setattr("batch.leave_one_out.time", SimpleNamespace(monotonic=lambda: next(ticks) / 100))


def of(user: str, items: str, kind: str = "rating") -> list[Interaction]:
    made = [
        {"type": "interaction", "event_id": f"{user}{n}", "time": n, "user_id": user, "item_id": item, "kind": kind}
        for n, item in enumerate(items)
    ]
    return msgspec.convert(made, list[Interaction])


def test_the_last_of_each_user_is_the_test_and_the_one_before_the_validation() -> None:
    mood = MoodEvent(event_id="m", time=9, user_id="u", mood="happy")
    cut = left_out([*of("u", "abcd"), mood, *of("u", "x", "skip"), *of("short", "ab"), *of("v", "cba")])
    stretches = (slice(0, cut.validation), slice(cut.validation, cut.test), slice(cut.test, None))
    said = [list(zip(cut.log.user[part], cut.log.item[part], strict=True)) for part in stretches]
    assert said[0] == [("u", "a"), ("u", "b"), ("short", "a"), ("short", "b"), ("v", "c")]
    assert said[1] == [("u", "c"), ("v", "b")]
    assert said[2] == [("u", "d"), ("v", "a")]
    assert not cut.log.time.any()
    assert len(set(cut.log.weight.tolist())) == 1


def test_users_who_are_watched_keep_their_stretches() -> None:
    cut = left_out([*of("u", "abcd"), *of("v", "cbax")])
    one = cut.of_users(cut.log.user[:1])
    assert one.log.item.tolist() == ["a", "b", "c", "d"]
    assert (one.validation, one.test) == (2, 3)


def test_a_log_of_nobody_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no user has 3 events"):
        left_out(of("u", "ab"))


@pytest.mark.usefixtures("_steady")
def test_training_for_a_budget_finds_what_comes_next_and_draws_the_curve() -> None:
    told: list[float] = []
    found = leave_one_out(
        synthetic.events(users=120, steps=12, rings=8),
        SMALL,
        dataset="rings",
        minutes=0.08,
        patience=CHECKS,
        tell=lambda share, words: told.append(share),
    )
    assert len(found.curve) == CHECKS == len(told)
    assert told == sorted(told)
    assert [point.minutes for point in found.curve] == sorted(point.minutes for point in found.curve)
    assert found.users == 120
    assert found.curve[-1].validation["ndcg@10"] > found.curve[0].validation["ndcg@10"]
    assert found.test["hr@10"] > 0.5  # by chance 10 of some 53
    assert found.published == []
    assert b'"ndcg@10"' in msgspec.json.encode(found)


@pytest.mark.usefixtures("_steady")
def test_training_stops_when_nothing_is_gained() -> None:
    found = leave_one_out(synthetic.events(users=12, steps=6), SMALL, minutes=0.05, patience=1)
    assert len(found.curve) < CHECKS


def test_published_figures_are_for_a_data_set_of_exactly_that_size() -> None:
    assert published(Size(6_040, 3_706, 1_000_209))
    assert not published(Size(6_040, 3_706, 1_000_208))
