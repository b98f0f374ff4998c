"""Dislikes, skips and low ratings push down what is like them, in what was trained on logs with and without such."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from batch.log import of_events
from batch.plan import Plan
from batch.replay import Replay
from batch.train import train_on
from contracts.events import Interaction
from contracts.kinds import ORDER, REFUSED, Kind
from model.bundle import Bundle
from online.answer.asked import Ask
from tests.batch import synthetic

RINGS = 4
ITEMS = synthetic.catalogue(RINGS)
PLAN = Plan(hidden=24, dim=12, epochs=8, tokens=128, rate=1e-2, threads=1, device="cpu", patience=9)


def event(user: str, number: int, item: str, kind: Kind = "click", value: float | None = None) -> Interaction:
    time = 1_700_000_000_000 + 60_000 * number
    return Interaction(event_id=f"{user}-{number}", time=time, user_id=user, item_id=item, kind=kind, value=value)


def raters(users: int = 200, steps: int = 16) -> list[Interaction]:
    """Each walks a ring; one in four ratings is a single star, upon which they go on in another ring."""
    rng = np.random.default_rng(0)
    walked = []
    for user in range(users):
        ring, place = int(rng.integers(RINGS)), int(rng.integers(synthetic.RING))
        for step in range(steps):
            low = rng.random() < 0.25
            item = f"r{ring}i{place}"
            walked.append(event(f"u{user}", step, item, "rating", 1.0 if low else 5.0))
            ring = (ring + int(rng.integers(1, RINGS))) % RINGS if low else ring
            place = (place + 1) % synthetic.RING
    return sorted(walked, key=lambda one: one.time)


def lead(bundle: Bundle, log: Sequence[Interaction], *own: Interaction) -> float:
    """By how much the rest of the first ring stands above everything else after a user's `own` events."""

    async def found() -> float:
        replay = await Replay.on(bundle)
        await replay.learn(log)
        await replay.learn(own)
        considered = await replay.consider(Ask(user_id="me"), own[-1].time + 1000)
        of_ring = np.array([item.startswith("r0") for item in considered.ids])
        return float(considered.scores[of_ring].mean() - considered.scores[~of_ring].mean())

    return asyncio.run(found())


@pytest.fixture(scope="module")
def walkers() -> tuple[Bundle, Sequence[Interaction]]:
    log = synthetic.events(users=60, steps=16, rings=RINGS)
    return train_on(of_events(log), ITEMS, PLAN, now_ms=0), log


def test_a_refusal_that_no_log_told_of_pushes_down_what_is_like_it(
    walkers: tuple[Bundle, Sequence[Interaction]],
) -> None:
    bundle, log = walkers
    assert bundle.encoder.unheard == REFUSED
    begun = [event("me", 100, "r1i0"), event("me", 101, "r0i0"), event("me", 102, "r0i1")]
    after = {kind: lead(bundle, log, *begun, event("me", 103, "r0i2", kind)) for kind in ("like", "dislike", "skip")}
    before = lead(bundle, log, *begun)
    assert after["like"] > after["skip"]
    assert before > after["skip"] > after["dislike"]


def test_a_refusal_is_about_its_item_only_where_enough_were_learned_from(
    walkers: tuple[Bundle, Sequence[Interaction]],
) -> None:
    bundle, log = walkers
    told = [*log, *(event(f"u{user}", 200, f"r{user % RINGS}i{user % 8}", "skip") for user in range(40))]
    heard = train_on(of_events(told), ITEMS, PLAN, now_ms=0)
    assert heard.encoder.unheard == {ORDER.index("dislike")}
    assert bundle.encoder.parameters["kinds"][ORDER.index("click")].any()


def test_a_low_rating_pushes_down_what_is_like_it_where_that_is_what_people_do() -> None:
    log = raters()
    bundle = train_on(of_events(log), ITEMS, replace(PLAN, epochs=16), now_ms=0)
    stars = [lead(bundle, log, event("me", 100, "r0i0", "rating", value)) for value in (1.0, 5.0)]
    assert stars[0] < 0 < stars[1]
