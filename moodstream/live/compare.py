"""Whether what is served is what a replay answers: both are asked before each event, and then both learn it."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from batch.evaluate.split import Step
from batch.replay import Logged, Replay, UserEvent, ask_of
from contracts.events import Interaction
from online.answer.answered import Recommendations
from online.answer.asked import Ask

TOP: Final = 10
_KEPT: Final = 20


class Served(Protocol):
    """The running system, as its users see it."""

    def ask(self, ask: Ask) -> tuple[Recommendations, int]:
        """The answer, and when it was made (UTC ms)."""

    def take(self, event: UserEvent) -> list[Logged]:
        """Have an event learned; all that came into the log since the last one: what was shown, and this event."""


class Place(msgspec.Struct, frozen=True):
    """One place of a list."""

    item_id: str
    score: float


class Difference(msgspec.Struct, frozen=True):
    """One request that the two answered differently."""

    request: int
    """The how-manieth, from 0."""
    user_id: str
    history: int
    """Events of the user before it."""
    served: list[Place]
    replayed: list[Place]


class Compared(msgspec.Struct, frozen=True):
    """What came of it."""

    bundle: str
    asked: int
    same: int
    """Requests that both answered with the same items in the same order."""
    same_items: int
    """Those that were answered with the same items in any order."""
    score_gap: float
    """The greatest difference of an item's two scores, in the lists that are the same."""
    differences: list[Difference]
    """The first twenty."""
    degraded: dict[str, int]
    """Reason → answers served that were less than they could be."""

    @property
    def share(self) -> float:
        """Of the requests that were answered the same."""
        return self.same / max(1, self.asked)


async def compare(
    served: Served, replay: Replay, steps: Sequence[Step], repeat: bool, told: Callable[[int, str], None]
) -> Compared:
    """Ask both for the top 10 before each scored step, and have both learn every step, in the order of the log."""
    asked = same = same_items = 0
    gap = 0.0
    bundle = ""
    differences: list[Difference] = []
    degraded: dict[str, int] = {}
    for done, step in enumerate(steps):
        if step.scored and isinstance(step.event, Interaction):
            ask = ask_of(step.event, TOP, repeat=repeat)
            answer, now = served.ask(ask)
            bundle = answer.bundle
            ours, theirs = places(answer), places(await replay.ask(ask, now))
            asked += 1
            same_items += {place.item_id for place in ours} == {place.item_id for place in theirs}
            if [place.item_id for place in ours] == [place.item_id for place in theirs]:
                same += 1
                gap = max([gap, *(abs(one.score - two.score) for one, two in zip(ours, theirs, strict=True))])
            elif len(differences) < _KEPT:
                differences.append(Difference(asked - 1, step.event.user_id, step.history, ours, theirs))
            for reason in answer.degraded:
                degraded[reason] = degraded.get(reason, 0) + 1
        await replay.learn(served.take(step.event))
        told(done + 1, f"{same} of {asked} answered the same")
    return Compared(bundle, asked, same, same_items, gap, differences, degraded)


def places(answer: Recommendations) -> list[Place]:
    """The list that an answer shows."""
    return [Place(item.item_id, item.score) for item in answer.items]
