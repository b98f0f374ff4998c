"""The Faust app, wired once with plain arguments: topics, agents and the timers around them."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import faust
from faust.streams import Stream
from faust.types import TP, EventT, StreamT

from contracts.brokers import MECHANISM, Brokers, brokers
from contracts.errors import KafkaUnavailable, MoodstreamError
from contracts.settings import Settings
from contracts.topics import EVENTS, ITEMS, Topic
from model.shelf import Shelf
from online.lake.replay import LakeLog
from online.lake.write import LakeWriter
from online.learn.bundles import Bundles
from online.learn.drift.block import Pace
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.store.protocol import Store
from online.store.timed import timed
from stream.agents import Keeper, now
from stream.items import CatalogueKeeper
from stream.lanes import Lanes
from stream.look import Look, look
from stream.metrics import Metrics
from stream.outbox import BATCH_BYTES, Outbox
from stream.refill import Refills
from stream.transport import Chunk, Consumer, Transport

log = logging.getLogger("moodstream.stream")
_RESTART_S = 30.0
"""For so long nobody gets the partitions of a worker with a lasting name that is away."""
_METADATA_MS = 5000
"""How old the consumer's picture of the topics may be: a topic that is made again has no partitions until it's new."""


def create_app(settings: Settings, bootstrap: str, store: Store, metrics: Metrics) -> faust.App:
    """The worker's app; the topics must exist. Several processes of the same namespace share the partitions."""
    given = brokers(bootstrap)
    app = faust.App(
        f"{settings.namespace}.stream",
        broker=[f"kafka://{server}" for server in given.servers],
        broker_credentials=_credentials(given),
        consumer_group_instance_id=settings.stream_instance,
        store="memory://",
        datadir=settings.home / "stream",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        broker_session_timeout=_RESTART_S if settings.stream_instance else 10.0,
        broker_heartbeat_interval=3.0,
        broker_request_timeout=_RESTART_S if settings.stream_instance else 20.0,
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=_METADATA_MS,
        producer_acks=-1,
        producer_max_batch_size=BATCH_BYTES,
        stream_buffer_maxsize=1,  # what comes meanwhile is one larger chunk, not many small ones in a row
        stream_wait_empty=True,
        value_serializer="raw",
        key_serializer="raw",
    )

    store = timed(store, metrics.called)
    partitions: dict[Topic, int] = {}
    outbox = Outbox(lambda: cast("Any", app.producer)._ensure_producer(), settings.namespace, partitions)
    learner = Learner(
        store,
        Bundles(Shelf(settings.bundles_url)),
        Enricher(settings.geoip),
        outbox,
        settings.partitions,
        now,
        Pace.of(settings),
    )

    async def first_of(number: int) -> int:
        tp = TP(EVENTS.full_name(settings.namespace), number)
        try:
            return int((await cast("Consumer", app.consumer).earliest_offsets(tp))[tp])
        except Exception as error:
            raise KafkaUnavailable(f"Kafka does not say where partition {number} begins: {error}") from error

    def look_now() -> Look:
        found = look(settings)
        partitions.update(found.partitions)
        return found

    keeper = Keeper(
        learner,
        CatalogueKeeper(store, outbox),
        store,
        lambda at: LakeWriter(settings.lake_url, settings.namespace, at.incarnation, at.number, at.first),
        Refills(learner, lambda number: LakeLog(settings.lake_url, settings.namespace, number), first_of),
        look_now,
        settings.namespace,
        metrics,
    )
    transport = Transport(app.conf.broker, app, app.loop)
    transport.place = keeper.place
    app.transport = transport
    _add_agents(app, keeper, settings.namespace)
    return app


def _credentials(given: Brokers) -> faust.SASLCredentials | faust.SSLCredentials | None:
    if given.user:
        return faust.SASLCredentials(
            username=given.user, password=given.password, ssl_context=given.tls, mechanism=MECHANISM
        )
    return faust.SSLCredentials(given.tls) if given.tls else None


def _add_agents(app: faust.App, keeper: Keeper, namespace: str) -> None:
    schema = ChunkSchema()

    for topic in (EVENTS, ITEMS):
        app.agent(app.topic(topic.full_name(namespace), schema=schema), name=topic.name)(_agent(app, keeper))

    async def beat() -> None:
        await _quietly(lambda: keeper.beat(cast("Consumer", app.consumer)))

    async def sweep() -> None:
        await _quietly(lambda: keeper.sweep(cast("Consumer", app.consumer)))
        await _quietly(keeper.move_idle)

    async def flush() -> None:
        await _quietly(keeper.flush)

    async def look_again() -> None:
        await _quietly(lambda: keeper.look_again(cast("Consumer", app.consumer)))

    async def look_at_store() -> None:
        await _quietly(keeper.look_at_store)

    app.timer(0.5)(beat)
    app.timer(2.0)(sweep)
    app.timer(10.0)(flush)
    app.timer(10.0)(look_again)
    app.timer(1.0)(look_at_store)
    app.on_before_shutdown.connect(lambda *_, **__: keeper.flush_quietly(), weak=False)


def _agent(app: faust.App, keeper: Keeper) -> Callable[[StreamT[Chunk]], Awaitable[None]]:
    async def take(tp: TP, events: Sequence[EventT[Chunk]]) -> None:
        consumer = cast("Consumer", app.consumer)
        wanted = [event for event in events if consumer.wants(tp, _chunk(event))]
        taken = set(map(id, wanted)) if await keeper.take(consumer, tp, [_chunk(event) for event in wanted]) else set()
        for event in events:
            if id(event) in taken:
                event.ack()
            else:
                consumer.forget(event.message)

    async def take_all(stream: StreamT[Chunk]) -> None:
        async with Lanes(take, lambda event: _chunk(event).weight) as lanes:
            async for event in cast("Stream[Chunk]", stream).noack().events():
                await lanes.put(TP(event.message.topic, event.message.partition), event)

    return take_all


def _chunk(event: EventT[Chunk]) -> Chunk:
    return cast("Chunk", event.value)


class ChunkSchema(faust.Schema[bytes, Chunk]):
    """Passes chunks on as they are: the learner decodes, so that no bad message ever kills an agent."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> Any:
        return message.key

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:
        return message.value


async def _quietly(work: Any) -> None:
    """Run a timer's work; what a store or another worker refuses is met again by the agents, which read again."""
    try:
        await work()
    except KeyError as error:
        log.info("put off: partition %s was taken from us meanwhile", error)
    except MoodstreamError as error:
        log.warning("put off: %s", error)
    except Exception:  # it would end the worker, though learning can go on
        log.exception("a timer's work failed")
