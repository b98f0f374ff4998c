"""Moodstream on one machine: the servers, the topics, the stream worker and the API, as supervised processes."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from contracts.errors import Misconfigured, StoreUnavailable
from contracts.settings import Settings
from contracts.topics import Topic
from moodstream.local.home import Home, Say
from moodstream.local.ports import is_free
from moodstream.local.stack import Stack
from online.store.protocol import Heartbeat
from online.store.redis import connect
from stream import topics

_FRESH_MS = 3000


class Running:
    """A stack that is up; `settings` name its servers, so that every process and client finds them."""

    def __init__(self, stack: Stack, settings: Settings, ids: dict[Topic, str], say: Say) -> None:
        self.stack = stack
        self._say = say
        self.settings = settings
        self.topic_ids = ids

    @property
    def api(self) -> str:
        """The API's address."""
        return f"http://{self.settings.api_host}:{self.settings.api_port}"

    @property
    def page(self) -> str:
        """The live page's address."""
        return f"{self.api}/live"

    def start_workers(self) -> None:
        """Start the stream worker and the API together; returns when both are ready."""
        self._say("starting the stream worker and the API, waiting until they answer")
        environment = {**self.settings.environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        own = (sys.executable, "-m", "moodstream")
        self.stack.add_all(
            [
                self.stack.service("stream", (*own, "stream"), environment, self.stream_is_ready),
                self.stack.service("serve", (*own, "serve"), environment, self._api_is_alive),
            ]
        )

    def stream_is_ready(self) -> bool:
        """Whether somebody learns from every partition now."""
        beats = [beat for beat in heartbeats(self.settings) if time.time() * 1000 - beat.time < _FRESH_MS]
        return len(beats) >= self.settings.partitions

    def _api_is_alive(self) -> bool:
        try:
            with urlopen(f"{self.api}/health/live", timeout=1) as answer:  # noqa: S310 - an address of our own
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def heartbeats(settings: Settings) -> list[Heartbeat]:
    """What the workers of each partition last said; empty while Redis doesn't answer."""
    with suppress(StoreUnavailable):
        return asyncio.run(_heartbeats(settings))
    return []


async def _heartbeats(settings: Settings) -> list[Heartbeat]:
    store = connect(settings.redis or "", settings.namespace, cluster=settings.redis_cluster, timeout_s=2)
    try:
        return await store.heartbeats()
    finally:
        await store.close()


@contextmanager
def running(settings: Settings, say: Say) -> Iterator[Running]:
    """Bring up what isn't given by address; everything is stopped at the end. Raises `Misconfigured`, `Unavailable`."""
    if settings.api_port and not is_free(settings.api_port):
        raise Misconfigured(f"port {settings.api_port} is in use: choose another one by MOODSTREAM_API_PORT")
    home = Home(settings.home.absolute())
    with Stack(home, say, kafka=settings.kafka, redis=settings.redis) as stack:
        found = msgspec.structs.replace(
            settings,
            home=home.path,
            kafka=stack.kafka,
            redis=stack.redis,
            api_port=settings.api_port or stack.port("api"),
            stream_port=settings.stream_port or stack.port("stream"),
        )
        ids = topics.ensure(stack.kafka, found.namespace, found.partitions, found.replication)
        yield Running(stack, found, ids, say)
