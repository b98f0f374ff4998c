"""The proof: candidate, serving bundle and baselines foretell the log's newest part, event by event, side by side.

None of them has seen that part: the candidate was trained on what comes before it, the serving bundle earlier. All of
them learn along: states and counts by the code that streams, baselines by themselves.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.baselines.item_knn import ItemKnn
from batch.baselines.popularity import OnlinePopularity
from batch.compared import Compared
from batch.evaluate.groups import groups
from batch.evaluate.placed import SERVED, TOP, in_answer
from batch.evaluate.split import Split, Step, steps_of
from batch.evaluate.targets import Targets
from batch.evaluate.wrapped import Wrapped
from batch.log import Log, events_of
from batch.logged import HEAD
from batch.measures import GAINS
from batch.nightly.curve import ece_of
from batch.nightly.night import Measured
from batch.nightly.terms import Terms
from batch.plan import Repeats
from batch.prequential import Foretold
from batch.replay import Logged, Replay, UserEvent, ask_of
from contracts.events import Impression, Interaction
from model.bundle import Bundle, pack

CANDIDATE: Final = "candidate"
SERVING: Final = "serving"
_LEAST: Final = 100
"""Events of a segment, below which it is none."""
_OF_A_USER: Final = 20
"""One user in so many may have all events: more of theirs aren't scored."""
_TELL: Final = 50

Tell = Callable[[str, int, int], None]
"""Takes what is under way, how much of it is done, and of how much."""


def measured(
    candidate: Bundle, serving: Bundle, log: Log, cut: int, repeat: bool, terms: Terms, tell: Tell
) -> Measured:
    """What each foretold of the log's events from place `cut` on."""
    early = max(0, cut - HEAD)
    head, tail = events_of(log.part(early, cut), early), events_of(log.part(cut, len(log.time)), cut)
    with threadpool_limits(1):
        found = asyncio.run(_along({SERVING: serving, CANDIDATE: candidate}, head, tail, repeat, terms, tell))
    return _summed_up(found, {SERVING: serving, CANDIDATE: candidate}, terms.seed)


@dataclass
class _Found:
    """The systems side by side, and what they foretold: a column each over the steps that are scored."""

    split: Split
    replays: dict[str, Replay]
    baselines: Sequence[Wrapped]
    asked: int = 0
    ranks: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    cpu_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    scores: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    async def ask(self, event: Interaction, step: Step) -> None:
        """Have it foretold by all, just before it happens."""
        self.asked += 1
        for name in sorted(self.replays, reverse=self.asked % 2 == 0):  # in turn, so that caches favour neither
            await self._answer(name, event)
        for baseline in self.baselines:
            for name, placed in (await baseline.answers(event, step)).items():
                self.ranks[name].append(placed.rank)

    async def learn(self, entry: Logged) -> None:
        """Go on behind it."""
        for replay in self.replays.values():
            await replay.learn([entry])
        if not isinstance(entry, Impression):
            for baseline in self.baselines:
                await baseline.learn(entry)

    async def _answer(self, name: str, event: Interaction) -> None:
        started = time.process_time()
        ask = ask_of(event, SERVED, repeat=self.split.repeats != "never")
        answer = await self.replays[name].ask(ask, event.time)
        self.cpu_ms[name].append(1000 * (time.process_time() - started))
        self.ranks[name].append(in_answer(answer, event.item_id).rank)
        for item in answer.items[:TOP]:
            self.scores[name].append(item.score)
            self.taken[name].append(item.item_id == event.item_id)


async def _along(
    bundles: dict[str, Bundle], head: Sequence[Logged], tail: Sequence[Logged], repeat: bool, terms: Terms, tell: Tell
) -> _Found:
    replays = {name: await Replay.on(bundle) for name, bundle in bundles.items()}
    for name, replay in replays.items():
        await replay.learn(head, partial(_tell_learned, tell, name, replay, len(head)))
    repeats: Repeats = "kept" if repeat else "never"
    known = _without_impressions(head)
    steps = _steps(known, _without_impressions(tail), repeats, terms)
    split = Split(known, steps, repeats)
    ids = [item.item_id for item in bundles[CANDIDATE].catalogue]
    found = _Found(split, replays, [Wrapped(baseline, split, ids) for baseline in (OnlinePopularity(), ItemKnn())])
    coming, end = iter(steps), sum(step.scored for step in steps)
    for entry in tail:
        if not isinstance(entry, Impression):
            step = next(coming, None)
            if step is None:
                break
            if step.scored and isinstance(step.event, Interaction):
                await found.ask(step.event, step)
                if found.asked % _TELL == 0 or found.asked == end:
                    tell("foretelling", found.asked, end)
        await found.learn(entry)
    return found


def _tell_learned(tell: Tell, name: str, replay: Replay, of: int, more: int) -> None:
    tell(f"{name} learns", replay.learned, of)


def _steps(head: Sequence[UserEvent], tail: Sequence[UserEvent], repeats: Repeats, terms: Terms) -> list[Step]:
    """What is scored is spread over all of the tail, and over all that a user did."""
    steps = steps_of([*head, *tail], len(head), Targets(repeats, len(tail)))
    of_users: defaultdict[str, list[int]] = defaultdict(list)
    for place, step in enumerate(steps):
        if step.scored:
            of_users[step.event.user_id].append(place)
    of_a_user = max(1, terms.events // _OF_A_USER)
    fair = sorted(place for places in of_users.values() for place in _spread(places, of_a_user))
    scored = set(_spread(fair, terms.events))
    return [step._replace(scored=place in scored) for place, step in enumerate(steps)]


def _spread(places: Sequence[int], most: int) -> list[int]:
    """At most so many of them, evenly, first and last among them."""
    return [places[number] for number in np.linspace(0, len(places) - 1, min(most, len(places))).round().astype(int)]


def _without_impressions(log: Sequence[Logged]) -> list[UserEvent]:
    return [event for event in log if not isinstance(event, Impression)]


def _summed_up(found: _Found, bundles: dict[str, Bundle], seed: int) -> Measured:
    targets = [event for event, _ in found.split.targets]
    users = np.array([event.user_id for event in targets], np.object_)
    sizes = {name: sum(map(len, pack(bundle).values())) for name, bundle in bundles.items()}
    if not targets:
        return _nothing(sizes)
    places, times = np.arange(len(targets)), np.array([event.time for event in targets], np.int64)
    systems = {
        name: Foretold(name, places, times, users, np.array(ranks, np.int64)) for name, ranks in found.ranks.items()
    }
    whole = Compared(list(systems.values()), seed)
    parts = {
        f"{kind}: {name}": _in_part([systems[SERVING], systems[CANDIDATE]], mask, seed)
        for kind, of in groups(found.split).items()
        for name, mask in of.items()
        if _LEAST <= mask.sum() < len(targets)
    }
    return Measured(
        events=len(targets),
        users=len(np.unique(users)),
        systems={name: {gain: whole.of(name)[gain] for gain in GAINS} for name in systems},
        gained={name: whole.gained(CANDIDATE, name, ["ndcg@10"])["ndcg@10"] for name in systems if name != CANDIDATE},
        segments={name: part.gained(CANDIDATE, SERVING, ["ndcg@10"])["ndcg@10"] for name, part in parts.items()},
        served={name: part.at_ten(SERVING)["ndcg@10"].mean for name, part in parts.items()},
        answer_ms={name: round(float(np.median(cpu)), 3) for name, cpu in found.cpu_ms.items()},
        ece={
            name: ece_of(np.array(found.scores[name]), np.array(found.taken[name], np.bool_)) for name in found.scores
        },
        sizes=sizes,
    )


def _in_part(systems: Sequence[Foretold], mask: NDArray[np.bool_], seed: int) -> Compared:
    return Compared([one.only(mask) for one in systems], seed)


def _nothing(sizes: dict[str, int]) -> Measured:
    return Measured(events=0, users=0, systems={}, gained={}, segments={}, served={}, answer_ms={}, ece={}, sizes=sizes)
