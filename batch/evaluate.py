"""The proof: a bundle trained on the first part of a log, and the rest replayed: each event foretold, then learned.

The protocol of DESIGN.md, "Measuring quality": the rank of each event's item among all items that its user hasn't had.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.measures import Measure, gains, measured
from batch.popularity import Popularity
from batch.replay import MICRO_BATCH, Replay, UserEvent, ask_of, in_order, is_target
from contracts.errors import Misconfigured
from contracts.events import Interaction
from model.bundle import Bundle
from online.answer.answered import Recommendations

TRAINED: Final = 0.8
MOST_OF_A_USER: Final = 400
MISS: Final = 1_000_000
"""The rank of an item that wasn't served."""
_SERVED: Final = 20
"""Asked for, so that items as good as the tenth are seen, too."""
_PART: Final = 4 * MICRO_BATCH
PROTOCOL: Final = (
    f"the first {TRAINED:.0%} of the events in time train the bundle; the rest is replayed, each event recommended for "
    f"before it is learned, at most {MOST_OF_A_USER} events a user; rank among all items that the user hasn't had, by "
    "the order served; what is no candidate, what a filter hides and what another item's equal score hides is a miss; "
    "equal times shuffled; intervals: 95%, users drawn again"
)

Train = Callable[[Sequence[UserEvent]], Bundle]
Tell = Callable[[str, int, int], None]
"""Takes what is replayed, how many events were, and of how many."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; `systems` by name, then by `measures.NAMES`."""

    dataset: str
    protocol: str
    seed: int
    bundle: str
    n_events: int
    n_users: int
    new_users: float
    """The share of the events by users whom training didn't know."""
    systems: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, tuple[float, float]]]
    gained: dict[str, dict[str, Measure]]
    """How much better the whole is than each other system, on the same events."""
    seconds: dict[str, float]


class System(Protocol):
    """What foretells and learns."""

    async def rank(self, event: Interaction) -> int:
        """The place, from 0, that the event's item has for its user just before; `MISS` where it has none."""

    async def learn(self, event: UserEvent) -> None:
        """Go on behind this event."""


def evaluate(
    log: Sequence[UserEvent],
    train: Train,
    *,
    dataset: str,
    seed: int = 0,
    max_events: int | None = None,
    tell: Tell = lambda system, done, total: None,
) -> Evaluation:
    """Train, replay, measure; `max_events` ends the replay early. Raises `Misconfigured` where nothing is replayed."""
    log = in_order(log, seed)
    cut = int(len(log) * TRAINED)
    head, tail = log[:cut], _first(list(_marked(log[:cut], log[cut:])), max_events)
    targets = [event for event, counts in tail if counts]
    if not targets:
        raise Misconfigured(f"nothing to foretell in the last {1 - TRAINED:.0%} of the events: the log is too short")
    started = time.monotonic()
    bundle = train(head)
    trained = time.monotonic()
    with threadpool_limits(1):
        ranks, seconds = asyncio.run(_replayed(bundle, head, tail, tell))
    known, users = {event.user_id for event in head}, _numbered([event.user_id for event in targets])
    gained = {name: gains(found) for name, found in ranks.items()}
    found = {name: measured(one, users, seed) for name, one in gained.items()}
    return Evaluation(
        dataset=dataset,
        protocol=PROTOCOL,
        seed=seed,
        bundle=bundle.version,
        n_events=len(targets),
        n_users=int(users.max()) + 1,
        new_users=round(sum(event.user_id not in known for event in targets) / len(targets), 4),
        systems={name: {what: one.mean for what, one in of.items()} for name, of in found.items()},
        intervals={name: {what: (one.low, one.high) for what, one in of.items()} for name, of in found.items()},
        gained={n: measured(gained["whole"] - one, users, seed) for n, one in gained.items() if n != "whole"},
        seconds={"train": round(trained - started, 1), **seconds},
    )


Marked = tuple[UserEvent, bool]
"""An event of the replay, and whether it's to be foretold."""


def _marked(head: Sequence[UserEvent], tail: Sequence[UserEvent]) -> Iterator[Marked]:
    """What a user has had can't be recommended, so it isn't asked for."""
    had: defaultdict[str, set[str]] = defaultdict(set)
    for event in head:
        if isinstance(event, Interaction):
            had[event.user_id].add(event.item_id)
    asked: defaultdict[str, int] = defaultdict(int)
    for event in tail:
        counts = is_target(event) and event.item_id not in had[event.user_id] and asked[event.user_id] < MOST_OF_A_USER
        asked[event.user_id] += counts
        if isinstance(event, Interaction):
            had[event.user_id].add(event.item_id)
        yield event, counts


def _first(tail: list[Marked], most: int | None) -> list[Marked]:
    """Up to the last of at most so many events to be foretold."""
    places = [place for place, (_, counts) in enumerate(tail) if counts][:most]
    return tail[: places[-1] + 1] if places else []


async def _replayed(
    bundle: Bundle, head: Sequence[UserEvent], tail: Sequence[Marked], tell: Tell
) -> tuple[dict[str, NDArray[np.int64]], dict[str, float]]:
    """The ranks and the seconds of each system; the frozen one leaves the replay as it was."""
    started = time.monotonic()
    replay = await Replay.on(bundle)
    for done in range(0, len(head), _PART):
        await replay.learn(head[done : done + _PART])
        tell("states at the split", min(done + _PART, len(head)), len(head))
    seconds = {"head": round(time.monotonic() - started, 1)}
    systems: dict[str, System] = {
        "batch_only": Frozen(replay),
        "whole": Whole(replay),
        "popularity": Popularity(head, [item.item_id for item in bundle.catalogue]),
    }
    ranks = {}
    for name, system in systems.items():
        started = time.monotonic()
        ranks[name] = await _ranks(name, system, tail, tell)
        seconds[name] = round(time.monotonic() - started, 1)
    return {name: ranks[name] for name in ("whole", "batch_only", "popularity")}, seconds


async def _ranks(name: str, system: System, tail: Sequence[Marked], tell: Tell) -> NDArray[np.int64]:
    found = []
    for place, (event, counts) in enumerate(tail):
        if counts and isinstance(event, Interaction):
            found.append(await system.rank(event))
        await system.learn(event)
        tell(name, place + 1, len(tail))
    return np.array(found, np.int64)


class Whole:
    """All of the system: stream and serving."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    async def rank(self, event: Interaction) -> int:
        return _place(await self._replay.ask(ask_of(event, _SERVED), event.time), event.item_id)

    async def learn(self, event: UserEvent) -> None:
        await self._replay.learn([event])


class Frozen:
    """Serving without the stream: bundle, states and counts as they were at the split. Learns only what was had."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._had: defaultdict[str, list[str]] = defaultdict(list)

    async def rank(self, event: Interaction) -> int:
        ask = ask_of(event, _SERVED, exclude=self._had[event.user_id])
        return _place(await self._replay.ask(ask, event.time), event.item_id)

    async def learn(self, event: UserEvent) -> None:
        if isinstance(event, Interaction):
            self._had[event.user_id].append(event.item_id)


def _place(answer: Recommendations, item_id: str) -> int:
    """Items with the very same score count as before it, wherever they stand."""
    for place, item in enumerate(answer.items):
        if item.item_id == item_id:
            return place + sum(other.score == item.score for other in answer.items[place + 1 :])
    return MISS


def _numbered(users: Sequence[str]) -> NDArray[np.int64]:
    return np.unique(np.array(users, np.str_), return_inverse=True)[1].astype(np.int64)
