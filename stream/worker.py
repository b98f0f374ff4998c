"""The worker process: checks what it stands on, then runs the Faust app until SIGTERM."""

import asyncio
import sys
from typing import Final

import faust
from threadpoolctl import threadpool_limits

from contracts import logs
from contracts.errors import Misconfigured
from contracts.heap import settle
from contracts.settings import Settings
from online.store.redis import check_noeviction, connect
from stream import topics
from stream.app import create_app
from stream.metrics import Metrics, serve

_SWITCH_S: Final = 0.0003
"""How long the thread that fetches may hold up the one that learns, each time that an answer of the store has come."""


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises `Misconfigured` or `Unavailable` when it can't start."""
    logs.set_up(settings)
    if not settings.kafka or not settings.redis:
        raise Misconfigured("set MOODSTREAM_KAFKA and MOODSTREAM_REDIS, or start everything by: moodstream up")
    asyncio.run(check_noeviction(settings.redis))
    topics.ensure(settings.kafka, settings.namespace, settings.partitions, settings.replication)
    store = connect(
        settings.redis,
        settings.namespace,
        cluster=settings.redis_cluster,
        user_idle_days=settings.user_idle_days,
        count_days=settings.count_days,
    )
    sys.setswitchinterval(_SWITCH_S)
    threadpool_limits(1)  # so that bytes don't depend on the machine's load, and cores are left to other processes
    metrics = Metrics()
    if settings.stream_port:
        serve(metrics, settings.stream_host, settings.stream_port)
    app = create_app(settings, settings.kafka, store, metrics)
    worker = faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # it would write a terminal's codes between the log's lines
    settle()
    worker.execute_from_commandline()
