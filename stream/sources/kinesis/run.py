"""The adapter as a process: checks what it stands on, then hands on until SIGTERM or Ctrl-C."""

import asyncio
import logging
import os
import secrets
import signal
import socket
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer

from contracts import logs
from contracts.brokers import brokers, named
from contracts.errors import KafkaUnavailable, Misconfigured, Unavailable
from contracts.settings import Settings
from contracts.topics import EVENTS
from stream import topics
from stream.metrics import serve
from stream.outbox import BATCH_BYTES, Outbox
from stream.sources.kinesis import place
from stream.sources.kinesis.adapter import Adapter
from stream.sources.kinesis.aws import Aws, Where, connect
from stream.sources.kinesis.leases import Table
from stream.sources.kinesis.metrics import Metrics
from stream.sources.kinesis.onward import Onward
from stream.sources.kinesis.patience import patiently
from stream.sources.kinesis.shards import Stream, describe

log = logging.getLogger("moodstream.kinesis")
LASTS_S: Final = 10.0
AT_MOST: Final = 64


class Asked(NamedTuple):
    """What the command line says."""

    stream: str
    where: Where = Where()
    table: str = ""
    """Of leases; `<namespace>.kinesis.<stream>` where it's empty."""
    start: str = "latest"
    lasts_s: float = LASTS_S
    """How long a lease that isn't renewed is waited for."""
    at_most: int = AT_MOST
    """Shards of one adapter."""
    host: str = "127.0.0.1"
    port: int = 0
    """Where Prometheus reads; 0: nowhere."""


def run(settings: Settings, asked: Asked) -> None:
    """Run until SIGTERM or SIGINT; raises `Misconfigured` or `Unavailable` when it can't start."""
    if not settings.kafka:
        raise Misconfigured("set MOODSTREAM_KAFKA, or start everything by: moodstream up")
    logs.set_up(settings)
    aws = connect(asked.where, asked.at_most)
    metrics = Metrics()
    try:
        stream, start = asyncio.run(_found(aws, asked))
        topics.ensure(settings.kafka, settings.namespace, settings.partitions, settings.replication)
        if asked.port:
            serve(metrics, asked.host, asked.port)
        asyncio.run(_work(settings, asked, aws, stream, start, metrics))
    finally:
        aws.close()


async def _found(aws: Aws, asked: Asked) -> tuple[Stream, str]:
    stream = await describe(aws, asked.stream)
    return stream, place.start(asked.start, stream.now)


async def _work(settings: Settings, asked: Asked, aws: Aws, stream: Stream, start: str, metrics: Metrics) -> None:
    me = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    table = Table(aws, asked.table or f"{settings.namespace}.kinesis.{stream.name}", stream.made, me)
    async with AsyncExitStack() as leaving:
        producer = await _producer(settings)
        leaving.push_async_callback(producer.stop)
        await table.make()
        start = await patiently(lambda: table.start(start), lambda error: log.warning("%s", error))
        log.info(
            "%s hands %s on to Kafka at %s; what was never read is read from %s",
            me,
            stream.arn,
            named(settings.kafka or ""),
            start,
        )

        def failed(error: Unavailable) -> None:
            metrics.kafka_failures += 1
            log.warning("what was read waits, and no more is read: %s", error)

        made = topics.made(settings.kafka or "", settings.namespace)
        partitions = {topic: one.partitions for topic, one in made.items()}
        onward = Onward(Outbox(lambda: producer, settings.namespace, partitions), partitions[EVENTS], failed)
        adapter = Adapter(aws, stream, table, start, onward, metrics, asked.lasts_s, asked.at_most)
        loop = asyncio.get_running_loop()
        for signal_ in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_, adapter.stop)
        await adapter.run()


async def _producer(settings: Settings) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(
        **brokers(settings.kafka or "").options(),
        client_id="moodstream-kinesis",
        acks="all",
        max_batch_size=BATCH_BYTES,
        linger_ms=0,
        request_timeout_ms=int(settings.kafka_timeout_s * 1000),
    )
    try:
        await producer.start()
    except Exception as error:
        await producer.stop()
        raise KafkaUnavailable(f"Kafka at {named(settings.kafka or '')} does not answer: {error}") from error
    return producer
