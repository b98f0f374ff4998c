"""What the routes work with: wired once for an app, from plain arguments."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from contracts.events import Impression, encode
from contracts.request import request_id
from contracts.settings import Settings
from contracts.topics import EVENTS
from online.answer.as_trained import AsTrained
from online.answer.atlas import Atlases
from online.answer.lag import Stream
from online.answer.library import Library, Shelf
from online.answer.profile import Profiler
from online.answer.recommend import Recommender
from online.answer.similar import Similar
from online.answer.users import Users
from online.answer.view import Viewer
from online.answer.whereabouts import Locator
from online.learn.enrich import Enricher
from online.store.protocol import Store
from online.store.timed import timed
from serving.breaker import Breaker
from serving.crew import Seat
from serving.heard import KafkaTail
from serving.metrics import Metrics
from serving.publisher import Publisher, Publishing
from serving.pulse import Pulse
from serving.shedding import Limit
from serving.siblings import Siblings
from serving.spared import FAILURES, RETRY_S, spared


@dataclass(frozen=True)
class Parts:
    """Everything an app is made of."""

    settings: Settings
    store: Store
    publisher: Publisher
    enricher: Enricher
    library: Library
    recommender: Recommender
    similar: Similar
    profiler: Profiler
    atlases: Atlases
    locator: Locator
    as_trained: AsTrained
    pulse: Pulse
    answering: Limit
    posting: Limit
    metrics: Metrics
    siblings: Siblings
    clock: Callable[[], int]


def wire(
    settings: Settings,
    store: Store,
    shelf: Shelf,
    publisher: Publisher,
    clock: Callable[[], int],
    seat: Seat | None = None,
) -> Parts:
    """The parts; raises `Misconfigured` where the database of places can't be read."""
    enricher, metrics = Enricher(settings.geoip), Metrics()
    store = timed(store, lambda call, seconds: metrics.store.labels(call).observe(seconds))
    library, atlases = Library(shelf, store), Atlases()
    library.prepares.append(atlases.draw)
    patience, stale_ms = settings.store_timeout_s, settings.counts_stale_ms
    breaker = Breaker(FAILURES, RETRY_S)
    read = spared(store, breaker, patience)
    viewer, stream = Viewer(read, library, enricher, settings.partitions), Stream(read, clock)
    users = Users(viewer, library, stream, clock, patience)

    tail = KafkaTail(settings.kafka, settings.namespace) if settings.kafka else None

    def record(impression: Impression) -> None:
        taken = publisher.offer(Publishing(EVENTS, impression.key, encode(impression), request_id.get()))
        metrics.impressions.labels("sent" if taken else "dropped").inc()

    parts = Parts(
        settings=settings,
        store=store,
        publisher=publisher,
        enricher=enricher,
        library=library,
        recommender=Recommender(
            read, library, viewer, stream, enricher, record, clock, patience, stale_ms, settings.explore
        ),
        similar=Similar(read, library, stream, clock, patience, stale_ms),
        profiler=Profiler(users),
        atlases=atlases,
        locator=Locator(users, library, atlases),
        as_trained=AsTrained(viewer, clock, patience),
        pulse=Pulse(read, library, tail, clock, patience),
        answering=Limit(settings.answers_at_once, settings.answers_within_s),
        posting=Limit(settings.posts_at_once, math.inf),
        metrics=metrics,
        siblings=Siblings(metrics, seat),
        clock=clock,
    )
    metrics.watch_candidates(parts.recommender.brought)
    _watch(parts, breaker)
    return parts


def _watch(parts: Parts, breaker: Breaker) -> None:
    """What is read when the metrics are."""
    metrics, publisher = parts.metrics, parts.publisher
    metrics.left_alone.labels("store").set_function(lambda: breaker.is_open)
    metrics.left_alone.labels("kafka").set_function(lambda: publisher.is_left_alone)
    metrics.waiting.set_function(lambda: publisher.waiting)
    for kind, limit in (("answers", parts.answering), ("posts", parts.posting)):
        metrics.under_way.labels(kind).set_function(partial(getattr, limit, "under_way"))
        metrics.limit.labels(kind).set_function(partial(getattr, limit, "limit"))
