"""A canary is judged by pages whose window is over, of users who are on the bundle that made them."""

import pytest

from batch.measures import Measure
from batch.nightly.canary import judged
from batch.nightly.live import difference, pages_of
from batch.nightly.night import PROMOTED, ROLLED_BACK, Canary, Look, Shown
from batch.nightly.terms import HOUR_MS, Terms
from contracts.events import Impression, Interaction
from contracts.events import Shown as Item
from contracts.rollout import Rollout, bundle_for

ROLLOUT = Rollout("a", canary="b", share=0.5)
ON_B = next(f"u{n}" for n in range(100) if bundle_for(f"u{n}", ROLLOUT) == "b")
MINUTE = 60_000
TERMS = Terms(enough=500, hours=24)


def page(minute: int, bundle: str = "b", user: str = ON_B) -> Impression:
    shown = [Item("i", 0, 0.5, 1.0), Item("j", 1, 0.4, 1.0)]
    return Impression(
        event_id=f"p{minute}", time=minute * MINUTE, user_id=user, request_id=f"r{minute}", bundle=bundle, shown=shown
    )


def take(minute: int, item: str = "i", kind: str = "click") -> Interaction:
    return Interaction(event_id=f"t{minute}", time=minute * MINUTE, user_id=ON_B, item_id=item, kind=kind)  # type: ignore[arg-type]


def shown(*events: Impression | Interaction) -> tuple[int, int]:
    return pages_of(events, ROLLOUT, "b", 30 * MINUTE).get(ON_B, (0, 0))


def test_a_page_counts_once_its_window_is_over_and_is_taken_from_within_it() -> None:
    assert shown(page(0), take(5)) == (0, 0)
    assert shown(page(0), take(5), take(31, "x")) == (1, 1)
    assert shown(page(0), take(40)) == (1, 0)
    assert shown(page(0), take(5, "x"), take(40, "x")) == (1, 0)
    assert shown(page(0), take(5, kind="dislike"), take(40, "x")) == (1, 0)


def test_users_who_were_answered_by_the_other_bundle_count_for_neither() -> None:
    events: list[Impression | Interaction] = [page(0, bundle="a"), take(5), take(40, "x")]
    assert shown(*events) == (0, 0)
    assert not pages_of(events, ROLLOUT, "a", 30 * MINUTE)


def test_the_interval_knows_that_one_users_pages_hang_together() -> None:
    many = {f"u{n}": (1, n % 4 == 0) for n in range(400)}
    few = {f"u{n}": (100, 100 * (n % 4 == 0)) for n in range(4)}
    wide, narrow = (one.high - one.low for one in (difference(few, few, 0), difference(many, many, 0)))
    assert wide > 4 * narrow
    assert difference({}, many, 0) == Measure(0.0, -1.0, 1.0)


def look(hours: float, pages: int, rate: float, beside: float = 0.3, spread: float = 0.03) -> Look:
    gained = rate - beside
    return Look(
        time=int(hours * HOUR_MS),
        canary=Shown(users=pages, pages=pages, taken=int(rate * pages)),
        serving=Shown(users=1000, pages=1000, taken=int(beside * 1000)),
        difference=Measure(gained, gained - spread, gained + spread),
        surely=Measure(gained, gained - 2 * spread, gained + 2 * spread),
    )


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (look(1, 100, 0.29), None),
        (look(1, 100, 0.2), ROLLED_BACK),  # surely less: at once
        (look(1, 100, 0.26), None),
        (look(1, 40, 0.0), None),
        (look(2, 500, 0.29), PROMOTED),
        (look(2, 500, 0.26), ROLLED_BACK),
        (look(2, 500, 0.23, spread=0.2), ROLLED_BACK),  # a fifth less, if by chance
        (look(2, 500, 0.25, spread=0.2), PROMOTED),
        (look(24, 100, 0.3), PROMOTED),
        (look(24, 10, 0.3), ROLLED_BACK),
    ],
)
def test_it_is_judged_after_enough_pages_or_time_and_at_once_where_it_surely_takes_less(
    found: Look, outcome: str | None
) -> None:
    verdict = judged(found, Canary(time=0, rollout=ROLLOUT), TERMS)
    assert (verdict and verdict.outcome) == outcome
