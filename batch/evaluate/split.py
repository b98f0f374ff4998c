"""A log cut in two: what trains, and what is replayed step by step, each step told whether it is scored."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from batch.evaluate.protocol import TRAINED, Protocol
from batch.evaluate.targets import Targets
from batch.plan import Repeats
from batch.replay import UserEvent, in_order
from contracts.errors import Misconfigured
from contracts.events import Interaction


class Step(NamedTuple):
    """One event of the replay, and what its user had done before it."""

    event: UserEvent
    scored: bool
    previous: str
    """The item of the user's previous interaction; empty for the first one."""
    history: int
    """Interactions of the user before this event."""
    gap: int
    """Milliseconds since the user's last event; -1 for the first one."""


@dataclass(frozen=True)
class Split:
    """`head` trains, `steps` are replayed."""

    head: Sequence[UserEvent]
    steps: Sequence[Step]
    repeats: Repeats

    @cached_property
    def targets(self) -> list[tuple[Interaction, Step]]:
        """The scored events, in order."""
        return [(step.event, step) for step in self.steps if step.scored and isinstance(step.event, Interaction)]

    @cached_property
    def log(self) -> list[UserEvent]:
        """All events up to the end of the replay."""
        return [*self.head, *(step.event for step in self.steps)]

    def before(self, place: int) -> list[UserEvent]:
        """What is known when step `place` is asked for: everything before it and nothing else."""
        return self.log[: len(self.head) + place]


def split(log: Sequence[UserEvent], protocol: Protocol) -> Split:
    """The cut of a log in any order; raises `Misconfigured` where nothing is left to score.

    An event whose id its user has had already is none: the stream lets it pass, so it is left out.
    """
    log = _once(in_order(log, protocol.seed))
    cut = int(len(log) * TRAINED)
    steps = steps_of(log, cut, Targets(protocol.repeats), protocol.max_events)
    if not steps:
        raise Misconfigured(f"nothing to foretell in the last {1 - TRAINED:.0%} of the events: the log is too short")
    return Split(log[:cut], steps, protocol.repeats)


def _once(log: Sequence[UserEvent]) -> list[UserEvent]:
    first: dict[tuple[str, str], UserEvent] = {}
    for event in log:
        first.setdefault((event.user_id, event.event_id), event)
    return list(first.values())


def steps_of(log: Sequence[UserEvent], cut: int, targets: Targets, most: int | None = None) -> list[Step]:
    """The log from place `cut` on, up to the last of at most so many scored events."""
    steps = list(_steps(log, cut, targets))
    places = [place for place, step in enumerate(steps) if step.scored][:most]
    return steps[: places[-1] + 1] if places else []


def _steps(log: Sequence[UserEvent], cut: int, targets: Targets) -> Iterator[Step]:
    counts: defaultdict[str, int] = defaultdict(int)
    last: dict[str, int] = {}
    for place, event in enumerate(log):
        user = event.user_id
        if place >= cut:
            gap = event.time - last[user] if user in last else -1
            yield Step(event, targets.wants(event), targets.previous.get(user, ""), counts[user], gap)
        targets.enter(event)
        last[user] = event.time
        counts[user] += isinstance(event, Interaction)
