"""The path of a request, from candidates to the recorded impression."""

import uuid
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from msgspec import structs

from contracts.events import Impression, Shown
from contracts.moods import LABELS
from online.answer.answered import Ranking, Recommendations, Recommended, Scored, Standing
from online.answer.asked import Ask, ToRank
from online.answer.calibrated import Calibrated
from online.answer.candidates.again import Again
from online.answer.candidates.content import Content
from online.answer.candidates.context import InContext
from online.answer.candidates.covisitation import Covisitation
from online.answer.candidates.embedding import Embedding
from online.answer.candidates.following import Following
from online.answer.candidates.fresh import Fresh
from online.answer.candidates.mood import Mood
from online.answer.candidates.popular import Popular
from online.answer.candidates.source import Source, enough
from online.answer.candidates.trending import Rising, Trending
from online.answer.catalogue import Catalogue, Rows
from online.answer.company import Companies
from online.answer.considered import Considered, Weighed
from online.answer.counted import STALE_MS, Counted
from online.answer.deadline import Deadline
from online.answer.explore import explored
from online.answer.filters import ALL_SEEN, NOTHING_FITS, drop, foremost, union
from online.answer.given import in_order
from online.answer.lag import Stream
from online.answer.library import Library
from online.answer.made_of import MadeOf, made_of
from online.answer.numbers import Numbers
from online.answer.pages import DEPTH, Ordered, Pages
from online.answer.rank import diversify, pin, rank
from online.answer.ranked import Ranked, Sources
from online.answer.scene import Scene, scene, unknown_mood
from online.answer.tallies import Tallier
from online.answer.view import Viewer
from online.learn.enrich import Enricher
from online.store.protocol import Store

Record = Callable[[Impression], None]
"""Takes an impression without waiting and without raising."""
RULE: Final = "rule"
"""The source of what is pinned or boosted."""
PAST_THE_END: Final = "items: this page is past the end"


SOURCES: Final[Sequence[Source]] = (
    Embedding(),
    Covisitation(),
    Following(),
    Content(),
    Trending(),
    Rising(),
    InContext(),
    Mood(),
    Fresh(),
    Popular(),
    Again(),
)


class Recommender:
    """Answers requests for recommendations; one for a process."""

    def __init__(
        self,
        store: Store,
        library: Library,
        viewer: Viewer,
        stream: Stream,
        enricher: Enricher,
        record: Record,
        clock: Callable[[], int],
        store_timeout_s: float,
        stale_ms: int = STALE_MS,
        explore: float = 0.0,
    ) -> None:
        """`explore`: the share of requests that get the best items in any order; see `explore`."""
        self._explore = explore
        self._library = library
        self._viewer = viewer
        self._stream = stream
        self._enricher = enricher
        self._record = record
        self._clock = clock
        self._timeout = store_timeout_s
        self._pages = Pages(clock)
        self._numbers = Numbers()
        library.prepares.append(self._numbers.placed)
        self._calibrated = Calibrated(store, clock)
        self.brought: Tally[str] = Tally()
        """How many candidates each source has found."""
        counted = Counted(store, self._numbers, clock, stale_ms)
        self._tallier, self._companies = Tallier(counted), Companies(counted, self._numbers)

    async def recommend(self, ask: Ask) -> Recommendations:
        """The answer, whatever is down; `degraded` says what that was."""
        deadline, now, request_id = Deadline(self._timeout), self._clock(), uuid.uuid4().hex
        ordered = self._pages.begun(ask) or self._order(ask, await self._weigh(ask, now, deadline), request_id)
        return await self._answer(ask, ordered, now, deadline, request_id)

    async def rank(self, asked: ToRank) -> Ranking:
        """These items in order for a user, scored as `recommend` scores them; nothing is recorded."""
        deadline, now = Deadline(self._timeout), self._clock()
        ask = asked.ask()
        scene, found, candidates, _ = await self._find(ask, now, deadline, asked.items)
        given = in_order(asked.items, candidates, scene)
        ordered = Ordered.of(scene, given.ranked, found, [*_passed_over(scene), *scene.missing])
        standing = await self._standing(ordered, now, deadline, uuid.uuid4().hex)
        shown = await self._shown(ask, ordered, range(len(given.ranked)), deadline)
        return Ranking(
            **structs.asdict(standing),
            user_id=ask.user_id,
            mood=LABELS[ordered.mood],
            folded=ordered.folded,
            items=[
                Scored(**structs.asdict(one), seen=seen) for one, seen in zip(shown, given.seen.tolist(), strict=True)
            ],
            left_out=given.left_out,
        )

    async def considered(self, ask: Ask) -> Considered:
        """What would be ranked for this request: training logs it, nobody is shown it."""
        return (await self._weigh(ask, self._clock(), Deadline(self._timeout))).considered()

    async def both(self, ask: Ask) -> tuple[Recommendations, Considered]:
        """The answer to the first page of this request, and what it was chosen from: evaluation looks at the two."""
        deadline, now, request_id = Deadline(self._timeout), self._clock(), uuid.uuid4().hex
        weighed = await self._weigh(ask, now, deadline)
        ordered = self._order(ask, weighed, request_id)
        return await self._answer(ask, ordered, now, deadline, request_id), weighed.considered()

    async def made_of(self, ask: Ask) -> MadeOf:
        """What the first page of this request is made of now; nobody is shown it, so nothing is recorded or left."""
        deadline, now = Deadline(self._timeout), self._clock()
        ask = structs.replace(ask, page=1, explain=True)
        weighed = await self._weigh(ask, now, deadline)
        ranked = _arranged(ask, weighed)
        ordered = Ordered.of(weighed.scene, ranked, weighed.found, [*_passed_over(weighed.scene), *weighed.degraded])
        standing = await self._standing(ordered, now, deadline, uuid.uuid4().hex)
        shown = await self._shown(ask, ordered, range(min(ask.n, len(ranked))), deadline)
        return made_of(weighed, ranked, standing, shown)

    async def _weigh(self, ask: Ask, now: int, deadline: Deadline) -> Weighed:
        """candidates → drop → rank."""
        scene, found, left, degraded = await self._find(ask, now, deadline)
        return Weighed(scene, found, rank(_with_pinned(left, scene), scene), degraded)

    async def _find(
        self, ask: Ask, now: int, deadline: Deadline, given: Sequence[str] = ()
    ) -> tuple[Scene, Sources, Rows, list[str]]:
        """candidates → drop; `given` items are in the scene, but no candidates for it."""
        scene = await self._look(ask, now, deadline, given)
        found = candidates(scene)
        left, degraded = drop(union(found, scene), scene), list(scene.missing)
        if not len(left):  # what was seen is shown again before nothing is
            scene = replace(scene, ask=structs.replace(ask, repeat=True))
            found = candidates(scene)
            left = drop(union(found, scene), scene)
            degraded.append(ALL_SEEN if len(left) else NOTHING_FITS)
        self.brought.update({name: len(rows) for name, rows in found.items()})
        return scene, found, foremost(left, found, enough(ask), scene.tallies.size), degraded

    def _order(self, ask: Ask, weighed: Weighed, request_id: str) -> Ordered:
        """→ rules and diversity → exploration."""
        scene, found, _, degraded = weighed
        ranked = _arranged(ask, weighed)
        reasons, likely = [*_passed_over(scene), *degraded], None
        if self._explore:
            pinned = int(np.isin(ranked.ids, ask.rules.pin).sum())
            places, likely = explored(request_id, self._explore, pinned, len(ranked))
            ranked = ranked.take(places)
        return self._pages.keep(ask, Ordered.of(scene, ranked, found, reasons, likely))

    async def _look(self, ask: Ask, now: int, deadline: Deadline, given: Sequence[str]) -> Scene:
        view = await self._viewer.view(ask.user_id, ask.token, now, deadline)
        if ask.repeat is None:
            ask = structs.replace(ask, repeat=view.catalogue.repeats)
        reads = self._tallier, self._companies
        return await scene(ask, now, view, deadline, self._enricher, *reads, self._numbers, given)

    async def _answer(
        self, ask: Ask, ordered: Ordered, now: int, deadline: Deadline, request_id: str
    ) -> Recommendations:
        start = (ask.page - 1) * ask.n
        places = range(start, min(start + ask.n, len(ordered.ranked)))
        standing = await self._standing(ordered, now, deadline, request_id)
        if not places and len(ordered.ranked):
            standing.degraded.append(PAST_THE_END)
        answer = Recommendations(
            **structs.asdict(standing),
            user_id=ask.user_id,
            page=ask.page,
            mood=LABELS[ordered.mood],
            folded=ordered.folded,
            items=await self._shown(ask, ordered, places, deadline),
        )
        if answer.items:
            self._record(_impression(answer, places, ordered))
        return answer

    async def _standing(self, ordered: Ordered, now: int, deadline: Deadline, request_id: str) -> Standing:
        lag = await self._stream.of(ordered.partition, deadline)
        return Standing(
            request_id=request_id,
            bundle=ordered.bundle,
            watermark=ordered.watermark,
            age_ms=None if ordered.last_event is None else max(0, now - ordered.last_event),
            lag=lag.events,
            degraded=list(dict.fromkeys([*self._library.reasons(), *ordered.degraded, *lag.degraded])),
        )

    async def _shown(self, ask: Ask, ordered: Ordered, places: range, deadline: Deadline) -> list[Recommended]:
        likely = await self._probabilities(ordered, places, deadline)
        catalogue = ordered.catalogue() or self._library.current
        return [
            recommended(ordered, catalogue, place, sources, ask.explain, chance)
            for place, sources, chance in zip(places, ordered.speaking(places), likely, strict=True)
        ]

    async def _probabilities(self, ordered: Ordered, places: range, deadline: Deadline) -> Sequence[float | None]:
        calibration = await self._calibrated.now(deadline)
        if calibration is None:
            return [None] * len(places)
        scores = ordered.ranked.scores[places.start : places.stop]
        return [round(float(one), 6) for one in calibration.probability(scores, places)]


def recommended(
    ordered: Ordered, catalogue: Catalogue, place: int, sources: list[str], explain: bool, probability: float | None
) -> Recommended:
    """One item as the answer shows it."""
    ranked = ordered.ranked
    item = catalogue.item(ranked.ids[place])
    return Recommended(
        item_id=item.item_id,
        title=item.title,
        categories=item.categories,
        image=item.image,
        score=float(ranked.scores[place]),
        probability=probability,
        sources=sources,
        parts=ranked.explained(place) if explain else None,
    )


def _passed_over(scene: Scene) -> list[str]:
    """What of the request, and of the user, could not be used, and why."""
    return [*unknown_mood(scene.ask), *scene.view.degraded]


def _arranged(ask: Ask, weighed: Weighed) -> Ranked:
    """The order of an answer, before chance has its part."""
    return pin(diversify(weighed.ranked, weighed.scene.catalogue, ask.diversity), ask.rules).first(DEPTH)


def candidates(scene: Scene) -> Sources:
    """What each source found; items that rules name are there if they are open."""
    found = {source.name: source.find(scene) for source in SOURCES}
    rules = scene.ask.rules
    ruled = scene.numbers.of(dict.fromkeys([*rules.pin, *rules.boost]))
    if not len(ruled):
        return found
    return {**found, RULE: ruled}


def _with_pinned(left: Rows, scene: Scene) -> Rows:
    """Pinned items are there, seen or not, unless they are blocked or withdrawn."""
    rules = scene.ask.rules
    if not rules.pin:
        return left
    blocked = set(rules.block)
    pinned = scene.numbers.of(item for item in dict.fromkeys(rules.pin) if item not in blocked)
    pinned = pinned[~np.isin(pinned, left) & ~scene.catalogue.withdrawn[scene.placed.rows[pinned]]]
    return np.concatenate([left, pinned])


def _impression(answer: Recommendations, places: range, ordered: Ordered) -> Impression:
    """As of the moment that the order was made for, with how likely each item was to stand where it stood."""
    likely = ordered.propensities[places.start : places.stop].tolist()
    return Impression(
        event_id=answer.request_id,
        time=ordered.at,
        user_id=answer.user_id,
        request_id=answer.request_id,
        bundle=answer.bundle,
        shown=[
            Shown(item.item_id, place, item.score, propensity)
            for place, item, propensity in zip(places, answer.items, likely, strict=True)
        ],
    )
