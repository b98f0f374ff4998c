"""The other way to Kafka: into a Kinesis stream, from which adapters hand on, which are killed, frozen, and started."""

import random
import time
from collections.abc import Sequence
from typing import Final

from contracts import events
from contracts.errors import InvalidEvent
from contracts.settings import Settings
from moodstream.local.ports import LOOPBACK, free_port
from stream.sources.kinesis.aws import Where
from stream.sources.kinesis.run import Asked
from stream.sources.kinesis.send import KinesisSender
from stream.sources.kinesis.shards import number_of
from tests.aws.given import REGION, as_anybody, moto_service
from tests.aws.stream import Stream, owners, table_of
from tests.faults.book import Book
from tests.faults.crew import Process, forking
from tests.faults.recorded import Sending
from tests.faults.sender import Sender
from tests.faults.servers import Server, wait_until
from tests.faults.worker import adapt

LEASE_S: Final = 2.0
_AT_ONCE: Final = 20
_SHARDS: Final = 3


class ByKinesis:
    """moto's server, a stream, two adapters, and a sender into the stream."""

    def __init__(self, settings: Settings, book: Book, straight: Sender) -> None:
        as_anybody()
        port = free_port(set())
        self.where = Where(REGION, f"http://{LOOPBACK}:{port}")
        self.server = Server(moto_service(settings.home / "moto.log", port))
        self.server.start()
        self.stream = Stream(self.where, settings.namespace)
        self.stream.make(_SHARDS)
        self._settings = settings
        self._book = book
        self._straight = straight
        self._sender = KinesisSender(self.stream.name, self.where)
        self._context = forking()
        self._started = 0
        self.alive: list[Process] = []
        for _ in range(2):
            self.start()
        self.settle()

    def start(self) -> Process:
        """One adapter more; returns at once."""
        asked = Asked(self.stream.name, self.where, table_of(self.stream.name), "trim-horizon", LEASE_S)
        log = self._settings.home / f"adapter-{self._started}.log"
        self._started += 1
        process = Process(self._context.Process(target=adapt, args=(self._settings, asked, log), daemon=True))
        self.alive.append(process)
        return process

    def kill(self, adapter: Process) -> None:
        self.alive.remove(adapter)
        adapter.kill()

    def settle(self) -> None:
        """Until all shards that can be read are, by all adapters that live."""
        wait_until(self._is_settled, f"{len(self.alive)} adapters to share the shards", 120)

    def _is_settled(self) -> bool:
        for adapter in self.alive:
            assert adapter.is_alive, "an adapter ended by itself, see its log"
        reading, adapters = owners(self.where, table_of(self.stream.name))
        return len(adapters) == len(self.alive) and set(reading.values()) == adapters

    def send(self, part: Sequence[Sending], rng: random.Random, pause_s: float) -> None:
        """All of it, in order, some at a time; what is to lie in the wrong partition goes straight to Kafka."""
        left = list(part)
        while left:
            n = rng.randint(1, _AT_ONCE)
            some, left = left[:n], left[n:]
            self._put([one for one in some if one.way != "misplaced"])
            self._straight.send([one for one in some if one.way == "misplaced"], rng, 0)
            time.sleep(pause_s)

    def _put(self, some: Sequence[Sending]) -> None:
        keyed = [(one.event.key if one.event else "nobody", one.value) for one in some]
        for sent in self._sender.put(keyed):
            for value, (shard, number) in sent:
                try:
                    events.decode(value)
                except InvalidEvent:
                    self._book.refuse(f"kinesis:{self.stream.name}/{number_of(shard)}/{number}", value)
        for one in some:
            self._book.acknowledge(one, None)

    def leave(self) -> None:
        """SIGTERM; raises `AssertionError` unless they end well."""
        for adapter in self.alive:
            assert adapter.stop() == 0, "an adapter didn't end well, see its log"
        self.alive.clear()

    def end(self) -> None:
        for adapter in self.alive:
            adapter.kill()
        self._sender.close()
        self.server.kill()


def frozen_longer_than_a_lease() -> None:
    """Wait so long that the others take over."""
    time.sleep(2 * LEASE_S)
