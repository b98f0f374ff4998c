"""The jobs of an evaluation: each replays the log once, for one system or for several that share a replay."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from threadpoolctl import threadpool_limits

from batch.baselines.baseline import Baseline
from batch.evaluate.held import HeldCounts
from batch.evaluate.outcome import Outcomes
from batch.evaluate.schedule import Schedule
from batch.evaluate.split import Split
from batch.evaluate.systems import Apart, Frozen, Live, System
from batch.evaluate.wrapped import Wrapped
from batch.replay import Head, Replay, UserEvent
from contracts.errors import Misconfigured
from contracts.events import Interaction
from model.bundle import Bundle

WHOLE: Final = "whole"
FROZEN_BUNDLE: Final = "whole_frozen_bundle"
HISTORY_LIVE: Final = "history_live"
BATCH_ONLY: Final = "batch_only"
OURS: Final = (WHOLE, FROZEN_BUNDLE, HISTORY_LIVE, BATCH_ONLY)
"""The jobs that run our own code, the longest first."""
_TELL: Final = 20
"""Events between two words on the progress."""

Retrain = Callable[[Bundle, Sequence[UserEvent]], Bundle]
"""From a bundle and all events so far to the one to go on with; it may be the same."""
Tell = Callable[[int, int], None]
"""Takes how many events were replayed, and of how many."""


class Trained(NamedTuple):
    """What training made of the first part of a log."""

    bundle: Bundle
    held_out: Bundle | None = None
    """As it was before it saw the end of that part, so that a ranker can be fitted there (`frozen`); without it
    `batch_only` has the ranker of live states."""


@dataclass(frozen=True)
class Work:
    """What every job works on."""

    split: Split
    schedule: Schedule
    items: Sequence[str]
    """The catalogue's."""
    seed: int
    retrain: Retrain
    baselines: Sequence[Callable[[], Baseline]]
    trained: Trained | None = None
    """On the split's head. As long as it isn't there, only baselines can be run."""
    heads: dict[str, Head] = field(default_factory=dict)
    """Replays that have just learned the split's head, by their bundle: several jobs go on from there."""

    @property
    def bundle(self) -> Bundle:
        """What was trained."""
        if self.trained is None:
            raise RuntimeError("nothing is trained yet")
        return self.trained.bundle


class Done(NamedTuple):
    """What a job found."""

    outcomes: Outcomes
    seconds: float
    bundles: dict[int, str]
    """Scored events before it → version published then."""


def untrained(work: Work) -> list[str]:
    """The jobs that need nothing trained: the baselines, as reports have them."""
    return [make().name for make in work.baselines]


def run(name: str, work: Work, tell: Tell) -> Done:
    """Do the job of this name, with one thread: several jobs run beside each other."""
    started = time.monotonic()
    with threadpool_limits(1):
        if name == BATCH_ONLY and work.trained and (before := work.trained.held_out):
            from batch.evaluate.frozen import for_frozen  # brings torch, which takes a worker seconds

            frozen = for_frozen(work.bundle, before, work.split.head, work.split.repeats, work.seed)
            work = replace(work, trained=Trained(frozen))
        outcomes, bundles = asyncio.run(_run(name, work, tell))
    return Done(outcomes, round(time.monotonic() - started, 1), bundles)


async def _run(name: str, work: Work, tell: Tell) -> tuple[Outcomes, dict[int, str]]:
    outcomes, bundles = Outcomes(len(work.split.targets)), dict[int, str]()
    told = _Told(tell, len(work.split.log))
    system, replay = await _system(name, work, told)
    bundle, number = work.trained and work.trained.bundle, 0
    for place, step in enumerate(work.split.steps):
        if name == WHOLE and place in work.schedule.places and replay and bundle:
            retrained = await asyncio.to_thread(work.retrain, bundle, work.split.before(place))
            if retrained.version != bundle.version:
                await replay.publish(retrained)
                bundle, bundles[number] = retrained, retrained.version
        if step.scored and isinstance(step.event, Interaction):
            outcomes.add(number, await system.answers(step.event, step))
            number += 1
        await system.learn(step.event)
        told.more(1)
    return outcomes, bundles


async def _system(name: str, work: Work, told: "_Told") -> tuple[System, Replay | None]:
    repeats = work.split.repeats
    if name not in OURS:
        found = next((baseline for baseline in (make() for make in work.baselines) if baseline.name == name), None)
        if found is None:
            raise Misconfigured(f"no system is called {name!r}")
        wrapped = Wrapped(found, work.split, work.items)
        told.more(len(work.split.head))
        return wrapped, None
    replay = await _behind_head(work, told)
    if name == HISTORY_LIVE and isinstance(replay.store, HeldCounts):
        replay.store.held = True
    if name == BATCH_ONLY:
        return Frozen(name, replay, repeats), replay
    return (Apart if name == FROZEN_BUNDLE else Live)(name, replay, repeats), replay


async def _behind_head(work: Work, told: "_Told") -> Replay:
    """A replay that has learned the split's head and nothing else."""
    if head := work.heads.get(work.bundle.version):
        told.more(head.learned)
        return await Replay.behind(head, work.bundle)
    replay = await Replay.on(work.bundle, HeldCounts())
    await replay.learn(work.split.head, told.more)
    work.heads[work.bundle.version] = replay.head()
    return replay


class _Told:
    """Counts events, and says so now and then."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = self._said = 0

    def more(self, events: int) -> None:
        self._done += events
        if self._done - self._said >= _TELL or self._done == self._total:
            self._said = self._done
            self._tell(self._done, self._total)
