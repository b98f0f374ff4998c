"""The path of a request, from candidates to the recorded impression."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from contracts.errors import StoreUnavailable
from contracts.events import Impression, Shown
from contracts.moods import LABELS
from online.answer.answered import Recommendations, Recommended
from online.answer.asked import Ask
from online.answer.candidates.context import InContext
from online.answer.candidates.covisitation import Covisitation
from online.answer.candidates.embedding import Embedding
from online.answer.candidates.fresh import Fresh
from online.answer.candidates.mood import Mood
from online.answer.candidates.popular import Popular
from online.answer.candidates.source import Found, Source
from online.answer.candidates.trending import Trending
from online.answer.catalogue import Floats
from online.answer.deadline import Deadline
from online.answer.features import features
from online.answer.filters import drop
from online.answer.lag import Stream
from online.answer.library import Library
from online.answer.pages import Ordered, Pages
from online.answer.rank import diversify, pin, rank
from online.answer.scene import Scene, scene, unknown_mood
from online.answer.trends import Trends
from online.answer.view import Viewer
from online.learn.enrich import Enricher
from online.store.protocol import Store

Record = Callable[[Impression], None]
"""Takes an impression without waiting and without raising."""
RULE: Final = "rule"
"""The source of what is pinned or boosted."""
PAST_THE_END: Final = "items: this page is past the end"


class Considered(NamedTuple):
    """The candidates of one request that may be shown, in no order."""

    ids: list[str]
    features: Floats
    """(n, F), as `model.ranker.FEATURES` names them."""


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
    ) -> None:
        self._library = library
        self._viewer = viewer
        self._stream = stream
        self._enricher = enricher
        self._record = record
        self._clock = clock
        self._timeout = store_timeout_s
        self._pages = Pages(clock)
        trends = Trends(store, clock)
        self._sources: Sequence[Source] = (
            Embedding(),
            Covisitation(store),
            Trending(trends),
            InContext(trends),
            Mood(),
            Fresh(),
            Popular(),
        )

    async def recommend(self, ask: Ask) -> Recommendations:
        """The answer, whatever is down; `degraded` says what that was."""
        deadline = Deadline(self._timeout)
        ordered = self._pages.begun(ask) or await self._order(ask, deadline)
        return await self._answer(ask, ordered, deadline)

    async def considered(self, ask: Ask) -> Considered:
        """What would be ranked for this request: training logs it, nobody is shown it."""
        scene = await self._look(ask, Deadline(self._timeout))
        found, _ = await self._candidates(scene)
        ids, _ = drop(found, scene)
        return Considered(ids, features(ids, scene.catalogue.rows(ids), found, scene))

    async def _order(self, ask: Ask, deadline: Deadline) -> Ordered:
        """candidates → drop → rank → rules and diversity."""
        scene = await self._look(ask, deadline)
        found, missing = await self._candidates(scene)
        left, dropped = drop(found, scene)
        ranked = pin(diversify(rank(_with_pinned(left, scene), found, scene), ask.diversity), ask.rules)
        degraded = [*unknown_mood(ask), *scene.view.degraded, *missing, *(dropped if len(ranked) == len(left) else [])]
        return self._pages.keep(ask, Ordered.of(scene, ranked, found, degraded))

    async def _look(self, ask: Ask, deadline: Deadline) -> Scene:
        now = self._clock()
        view = await self._viewer.view(ask.user_id, ask.token, now, deadline)
        return scene(ask, now, view, deadline, self._enricher)

    async def _candidates(self, scene: Scene) -> tuple[dict[str, Found], list[str]]:
        """What each source found, and why some found nothing."""
        results = await asyncio.gather(*(source.find(scene) for source in self._sources), return_exceptions=True)
        found: dict[str, Found] = {}
        missing: list[str] = []
        for source, result in zip(self._sources, results, strict=True):
            if isinstance(result, StoreUnavailable):
                missing.append(f"store: {result}")
            elif isinstance(result, BaseException):
                raise result
            else:
                found[source.name] = result
        named = dict.fromkeys([*scene.ask.rules.pin, *scene.ask.rules.boost], 1.0)
        return {**found, RULE: named} if named else found, missing

    async def _answer(self, ask: Ask, ordered: Ordered, deadline: Deadline) -> Recommendations:
        start = (ask.page - 1) * ask.n
        places = range(start, min(start + ask.n, len(ordered.ranked)))
        now = self._clock()
        lag = await self._stream.of(ordered.partition, deadline)
        ended = [PAST_THE_END] if not places and len(ordered.ranked) else []
        answer = Recommendations(
            request_id=uuid.uuid4().hex,
            bundle=ordered.ranked.catalogue.version,
            watermark=ordered.watermark,
            age_ms=None if ordered.last_event is None else max(0, now - ordered.last_event),
            lag=lag.events,
            degraded=list(dict.fromkeys([*self._library.reasons(), *ordered.degraded, *lag.degraded, *ended])),
            user_id=ask.user_id,
            page=ask.page,
            mood=LABELS[ordered.mood],
            folded=ordered.folded,
            items=[recommended(ordered, place, ask.explain) for place in places],
        )
        if answer.items:
            self._record(_impression(answer, places, now))
        return answer


def recommended(ordered: Ordered, place: int, explain: bool) -> Recommended:
    """One item as the answer shows it."""
    ranked = ordered.ranked
    item = ranked.catalogue.item(ranked.ids[place])
    return Recommended(
        item_id=item.item_id,
        title=item.title,
        categories=item.categories,
        image=item.image,
        score=float(ranked.scores[place]),
        sources=ordered.sources(item.item_id),
        parts=ranked.explained(place) if explain else None,
    )


def _with_pinned(left: list[str], scene: Scene) -> list[str]:
    """Pinned items are there, seen or not, unless they are blocked or withdrawn."""
    catalogue = scene.catalogue
    kept = set(left) | set(scene.ask.rules.block)
    pinned = [item for item in dict.fromkeys(scene.ask.rules.pin) if item not in kept]
    return left + [item for item in pinned if not catalogue.withdrawn[catalogue.row(item)]]


def _impression(answer: Recommendations, places: range, now: int) -> Impression:
    """The order is a fixed function of the state, so each place was certain."""
    return Impression(
        event_id=answer.request_id,
        time=now,
        user_id=answer.user_id,
        request_id=answer.request_id,
        bundle=answer.bundle,
        shown=[Shown(item.item_id, place, item.score, 1.0) for place, item in zip(places, answer.items, strict=True)],
    )
