"""The systems that answer by our own code: whole, with its parts apart, and with less of it fresh."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from batch.evaluate.placed import SERVED, Placed, by_scores, in_answer, in_list
from batch.evaluate.split import Step
from batch.plan import Repeats
from batch.replay import Replay, UserEvent, ask_of
from contracts.events import Interaction
from online.answer.asked import Ask

UNDIVERSIFIED: Final = "without_diversity"
SOURCE: Final = "source:"

Answers = Mapping[str, Placed]
"""By the name of the system."""


class System(Protocol):
    """What foretells and learns."""

    async def answers(self, event: Interaction, step: Step) -> Answers:
        """Where the event's item stands just before the event."""

    async def learn(self, event: UserEvent) -> None:
        """Go on behind this event."""


class Live:
    """Stream and serving: every event is learned."""

    def __init__(self, name: str, replay: Replay, repeats: Repeats) -> None:
        self._name = name
        self._replay = replay
        self._repeats = repeats

    async def answers(self, event: Interaction, step: Step) -> Answers:
        """What is served."""
        return {self._name: in_answer(await self._replay.ask(self._ask(event, step), event.time), event.item_id)}

    async def learn(self, event: UserEvent) -> None:
        """As the stream does."""
        await self._replay.learn([event])

    def _ask(self, event: Interaction, step: Step) -> Ask:
        return asked(event, step, self._repeats)


class Apart(Live):
    """Live, and also what each source would say alone, and what the ranker says before diversity."""

    async def answers(self, event: Interaction, step: Step) -> Answers:
        """What is served, and its parts."""
        answer, considered = await self._replay.both(self._ask(event, step), event.time)
        return {
            self._name: in_answer(answer, event.item_id),
            UNDIVERSIFIED: by_scores(considered.ids, considered.scores, event.item_id),
            **{SOURCE + name: in_list(ids, event.item_id) for name, ids in considered.found.items()},
        }


class Frozen:
    """Serving without the stream: bundle, states and counts as they were at the split. Learns only what was had."""

    def __init__(self, name: str, replay: Replay, repeats: Repeats) -> None:
        self._name = name
        self._replay = replay
        self._repeats = repeats
        self._had: defaultdict[str, list[str]] = defaultdict(list)

    async def answers(self, event: Interaction, step: Step) -> Answers:
        """What would be served."""
        ask = asked(event, step, self._repeats)
        if self._repeats == "never":
            ask = msgspec.structs.replace(ask, exclude=self._had[event.user_id])
        return {self._name: in_answer(await self._replay.ask(ask, event.time), event.item_id)}

    async def learn(self, event: UserEvent) -> None:
        """Nothing but what can't be recommended again."""
        if isinstance(event, Interaction):
            self._had[event.user_id].append(event.item_id)


def asked(event: Interaction, step: Step, repeats: Repeats) -> Ask:
    """The request just before an event."""
    exclude = [step.previous] if repeats == "collapsed" and step.previous else []
    return ask_of(event, SERVED, exclude, repeat=repeats != "never")
