"""A comparison finds every answer that isn't the replay's, and says what stood where."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from batch.evaluate.protocol import Protocol
from batch.evaluate.split import Step, split
from batch.replay import Logged, Replay, UserEvent, ask_of
from contracts.events import Interaction
from moodstream.live import verdict
from moodstream.live.compare import TOP, Compared, compare
from moodstream.live.verdict import is_good, show
from online.answer.answered import Recommendations
from online.answer.asked import Ask
from tests.batch.evaluate.logs import BUNDLE, noise

CUT = split(noise(150), Protocol())
NOW = CUT.log[-1].time


class Recorded:
    """Gives out what a replay answered, and may forget to say what came into the log."""

    def __init__(self, answers: Sequence[Recommendations], forgets: bool = False) -> None:
        self._answers = iter(answers)
        self._forgets = forgets

    def ask(self, ask: Ask) -> tuple[Recommendations, int]:
        return next(self._answers), NOW

    def take(self, event: UserEvent) -> list[Logged]:
        return [] if self._forgets else [event]


async def _begun() -> Replay:
    replay = await Replay.on(BUNDLE)
    await replay.learn(CUT.head)
    return replay


def answers(steps: Sequence[Step]) -> list[Recommendations]:
    """What a replay says before each scored step."""

    async def run() -> list[Recommendations]:
        replay, found = await _begun(), []
        for step in steps:
            if step.scored and isinstance(step.event, Interaction):
                found.append(await replay.ask(ask_of(step.event, TOP), NOW))
            await replay.learn([step.event])
        return found

    return asyncio.run(run())


def compared(served: Recorded) -> Compared:
    async def run() -> Compared:
        return await compare(served, await _begun(), CUT.steps, repeat=False, told=lambda done, more: None)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def good() -> list[Recommendations]:
    return answers(CUT.steps)


def test_the_same_answers_are_the_same(good: list[Recommendations]) -> None:
    found = compared(Recorded(good))
    assert (found.asked, found.same, found.same_items) == (len(CUT.targets),) * 3
    assert found.bundle == BUNDLE.version
    assert found.score_gap == 0
    assert not found.differences
    assert is_good(found)


def test_another_order_is_a_difference_that_names_both_lists(good: list[Recommendations]) -> None:
    one, two, *others = good[3].items
    turned = msgspec.structs.replace(good[3], items=[two, one, *others])
    found = compared(Recorded([*good[:3], turned, *good[4:]]))
    assert (found.same, found.same_items) == (found.asked - 1, found.asked)
    (difference,) = found.differences
    assert difference.request == 3
    assert [place.item_id for place in difference.served[:2]] == [two.item_id, one.item_id]
    assert [place.item_id for place in difference.replayed[:2]] == [one.item_id, two.item_id]


def test_too_few_items_are_a_difference(good: list[Recommendations]) -> None:
    short = msgspec.structs.replace(good[0], items=good[0].items[:-1], degraded=["store: away"])
    found = compared(Recorded([short, *good[1:]]))
    assert (found.same, found.same_items) == (found.asked - 1, found.asked - 1)
    assert found.degraded["store: away"] == 1


def test_a_side_that_learns_less_is_found_out(good: list[Recommendations]) -> None:
    found = compared(Recorded(good, forgets=True))
    assert found.share < 0.5
    assert not is_good(found)
    assert len(found.differences) <= 20


def test_the_verdict_shows_the_first_difference(good: list[Recommendations], monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(verdict, "say", lines.append)
    short = msgspec.structs.replace(good[1], items=good[1].items[:-1])
    show(compared(Recorded([good[0], short, *good[2:]])))
    assert any("request 1," in line for line in lines)
    assert f"10  served {'-':<36} replayed {good[1].items[9].item_id} {good[1].items[9].score:.6f}" in lines
