"""Requests as they would have been asked before each event of a log's end, with their candidates' features then."""

import asyncio
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from batch.impressions import choices
from batch.plan import Repeats
from batch.replay import Logged, Replay, ask_of
from contracts.events import Interaction
from model.bundle import Bundle
from model.ranker import CONTEXT, FEATURES, SUCCESSION
from online.answer.considered import Considered

HEAD: Final = 200_000
"""Events learned before the first request: some 25 seconds."""
REQUESTS: Final = 20_000
"""Logged at most: some 60 seconds."""
ROWS: Final = 6_000_000
"""Candidates at most, over all requests: about 400 MB."""
_OF_SOURCE: Final = 60
"""Candidates of a request that are kept: the first of each source."""
_TELL: Final = 100
"""Events between two words on the progress."""
_LEARNED_AS_ONE: Final = 30
"""Events that are learned in the time in which one request is logged, about."""
_BLOCK: Final = 50
"""Events whose requests the same share logs, one after the other; those of other shares it learns at once."""
_CONTEXTS: Final = 16
_COMMON: Final = 0.05
"""The share of requests in which a context's column is known, from which on it is a feature."""

Tell = Callable[[float], None]


@dataclass(frozen=True)
class Requests:
    """R requests with their candidates, one request after the other, in the order of time."""

    names: tuple[str, ...]
    features: NDArray[np.float16]
    """(N, F), in the order of `names`."""
    starts: NDArray[np.int64]
    """(R + 1,): request r has the candidates [starts[r], starts[r + 1])."""
    chosen: NDArray[np.int64]
    """(R,): the place in [0, N) of the candidate that the user took."""

    def part(self, start: int, stop: int) -> "Requests":
        """The requests [start, stop)."""
        first, last = self.starts[start], self.starts[stop]
        return Requests(
            self.names,
            self.features[first:last],
            self.starts[start : stop + 1] - first,
            self.chosen[start:stop] - first,
        )

    def __len__(self) -> int:
        return len(self.chosen)


class Share(NamedTuple):
    """Which of a log's requests are logged where several processes share them: every `of`th block's."""

    number: int = 0
    of: int = 1

    def has(self, place: int) -> bool:
        """Whether the requests before this event of the tail are among them."""
        return place // _BLOCK % self.of == self.number


WHOLE: Final = Share()


def log_requests(
    bundle: Bundle,
    head: Sequence[Logged],
    tail: Sequence[Logged],
    *,
    live: bool = True,
    repeats: Repeats = "never",
    share: Share = WHOLE,
    tell: Tell = lambda share: None,
) -> "RequestLog":
    """Requests just before the events of the tail, `head` being what the bundle was trained on.

    Where the log says that the item was shown, the request is that of its page, and what was left there is among the
    candidates (`batch.impressions`). Requests whose item is no candidate teach nothing and are left out. Unless `live`
    nothing is learned from the tail, so that a ranker learns how to do with states and counts that are as old. All
    shares `together` are the whole log. `tell` takes the part done, in [0, 1].
    """
    first = max(0, len(tail) - REQUESTS) if live else 0  # of a long tail the newest is the likest to what comes
    head, tail = [*head, *tail[:first]], tail[first:]
    with threadpool_limits(1):
        return asyncio.run(_logged(bundle, head[-HEAD:], tail, live, repeats, share, tell))


async def _logged(
    bundle: Bundle,
    head: Sequence[Logged],
    tail: Sequence[Logged],
    live: bool,
    repeats: Repeats,
    share: Share,
    tell: Tell,
) -> "RequestLog":
    replay = await Replay.on(bundle)
    whole = len(head) / _LEARNED_AS_ONE + len(tail)
    await replay.learn(head, lambda _: tell(replay.learned / _LEARNED_AS_ONE / whole))
    again = repeats != "never"
    log = RequestLog(FEATURES if again else [name for name in FEATURES if name not in SUCCESSION])
    previous = {event.user_id: event.item_id for event in head if isinstance(event, Interaction)}
    had: defaultdict[str, list[str]] = defaultdict(list)
    chosen = choices([*head, *tail])
    unlearned: list[Logged] = []
    for number, event in enumerate(tail):
        if number % _TELL == 0:
            tell((len(head) / _LEARNED_AS_ONE + number) / whole)
        if log.full:
            break
        for taken, left in chosen.get(len(head) + number, ()) if share.has(number) else ():
            exclude = [] if live or again else had[event.user_id][-1000:]
            if repeats == "collapsed" and (before := previous.get(event.user_id)):
                if before == taken.item_id:
                    continue
                exclude = [before]
            await replay.learn(unlearned)
            unlearned = []
            ask = ask_of(taken, exclude=exclude, repeat=again)
            log.add(number, await replay.consider(ask, event.time), taken.item_id, left)
        if live:
            unlearned.append(event)
        if isinstance(event, Interaction):
            previous[event.user_id] = event.item_id
            had[event.user_id].append(event.item_id)
    return log


class _Kept(NamedTuple):
    """A request, before which event of the tail it was, and the place of what was taken among its candidates."""

    number: int
    names: tuple[str, ...]
    features: NDArray[np.float16]
    chosen: int


class RequestLog:
    """Collects requests, those with the item that was taken among their candidates."""

    def __init__(self, names: Sequence[str]) -> None:
        """With these features, and those of contexts."""
        self._names = tuple(names)
        self._kept: list[_Kept] = []
        self._rows = 0

    @property
    def full(self) -> bool:
        """Whether it holds as much as it may."""
        return len(self._kept) >= REQUESTS or self._rows >= ROWS

    def add(self, number: int, considered: Considered, taken: str, left: Sequence[str] = ()) -> None:
        """Log a request before that event, after which its user took this item and left those shown with it.

        What is kept doesn't depend on what was taken: were it kept wherever it stood, standing low would tell it.
        """
        kept = set(left).union(*(ids[:_OF_SOURCE] for ids in considered.found.values()))
        if taken not in kept or taken not in considered.ids:
            return
        places = [place for place, item in enumerate(considered.ids) if item in kept]
        chosen = places.index(considered.ids.index(taken))
        self._keep(_Kept(number, considered.names, considered.features[places].astype(np.float16), chosen))

    def _keep(self, one: _Kept) -> None:
        self._kept.append(one)
        self._rows += len(one.features)

    @classmethod
    def together(cls, logs: Sequence["RequestLog"]) -> "RequestLog":
        """What one log of all these requests would hold."""
        whole = cls(logs[0]._names)
        for one in merge(*(log._kept for log in logs), key=lambda kept: kept.number):
            if whole.full and one.number != whole._kept[-1].number:
                break
            whole._keep(one)
        return whole

    def requests(self) -> Requests:
        """All of them, with the context's columns that are common."""
        seen = Tally(name for one in self._kept for name in one.names if name.startswith(CONTEXT))
        common = [name for name, times in seen.most_common(_CONTEXTS) if times >= _COMMON * len(self._kept)]
        names = (*self._names, *sorted(common))
        lengths = [len(one.features) for one in self._kept]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        features = np.zeros((int(starts[-1]), len(names)), np.float16)
        for start, (_, own, found, _) in zip(starts[:-1].tolist(), self._kept, strict=True):
            places = [place for place, name in enumerate(names) if name in own]
            features[start : start + len(found), places] = found[:, [own.index(names[place]) for place in places]]
        chosen = starts[:-1] + np.array([one.chosen for one in self._kept], np.int64)
        return Requests(names, features, starts, chosen)
