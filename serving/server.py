"""The API's process: wired from settings, served by uvicorn until SIGTERM."""

import logging
import signal
import socket
from types import FrameType
from typing import Final

import uvicorn
from threadpoolctl import threadpool_limits

from contracts import logs
from contracts.errors import Misconfigured
from contracts.heap import settle
from contracts.settings import Settings
from model.shelf import Shelf
from online.store.redis import connect
from serving.app import create_app
from serving.crew import Seat, serve_together
from serving.http import Protocol
from serving.kafka import KafkaPublisher

GRACE_S: Final = 2
"""For requests that are being answered when SIGTERM comes; then the producer is emptied."""


class Server(uvicorn.Server):
    """Begins with all loaded, and ends streams to live pages first: they'd be waited for in vain."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.end_streams()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, and end within 5 s of it; raises `Misconfigured`."""
    logs.set_up(settings)
    if settings.api_processes > 1:
        serve_together(settings, _serve_beside)
    else:
        _serve(settings)


def _serve_beside(settings: Settings, seat: Seat, listening: socket.socket) -> None:
    logs.set_up(settings)
    _serve(settings, seat, [listening])


def _serve(settings: Settings, seat: Seat | None = None, sockets: list[socket.socket] | None = None) -> None:
    if not settings.kafka or not settings.redis:
        raise Misconfigured("set MOODSTREAM_KAFKA and MOODSTREAM_REDIS, or start everything by: moodstream up")
    threadpool_limits(1)  # one core for each process; the products of a request are small
    logging.getLogger("aiokafka").setLevel(
        logging.CRITICAL
    )  # `serving.connection` says once what it says ten times a second
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters to operators is answered, in one line
    store = connect(settings.redis, settings.namespace, cluster=settings.redis_cluster, timeout_s=2.0)
    publisher = KafkaPublisher(settings.kafka, settings.namespace, settings.kafka_timeout_s)
    app = create_app(settings, store, Shelf(settings.bundles_url), publisher, seat=seat)
    config = uvicorn.Config(
        app,
        http=Protocol,
        log_config=None,
        host=settings.api_host,
        port=settings.api_port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        backlog=2048,
    )
    # uvicorn ends gracefully and then raises the signal again, which these turn into a plain end
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    Server(config).run(sockets)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
