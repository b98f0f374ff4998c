"""One run: the programs, the log that is sent, and the question after each fault whether the store has all, once."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from threading import Event, Thread
from typing import Final

from kafka.errors import KafkaError

from contracts.errors import KafkaUnavailable, StoreUnavailable
from contracts.rollout import Rollout
from contracts.settings import Settings
from contracts.topics import DEAD_LETTER, EVENTS, ITEMS, Topic
from model.shelf import Shelf
from moodstream.local.ports import LOOPBACK, free_port
from online.publish import publish
from stream import topics
from tests.fakes.bundle import random_bundle
from tests.faults.book import Book, Found
from tests.faults.by_kinesis import ByKinesis
from tests.faults.calls import Stage
from tests.faults.clean import Clean, contents, differing
from tests.faults.crew import Api, Crew, Worker
from tests.faults.held import Looking
from tests.faults.recorded import PARTITIONS, Recorded, Sending
from tests.faults.sender import Sender
from tests.faults.servers import wait_until
from tests.faults.stack import Stack
from tests.faults.topic import Tail
from tests.faults.wire import Point

EVENTS_A_FAULT: Final = 240
_PAUSE_S: Final = 0.06
"""Between two requests of some ten events."""
BUNDLES: Final = 3
_LOOK_EVERY_S: Final = 0.1


class Flow:
    """Events being sent by a thread of their own, and more of them as long as somebody waits for what they lead to."""

    def __init__(self, sender: Sender | ByKinesis, parts: Iterator[Sequence[Sending]], rng: random.Random) -> None:
        self.goes_on = Event()
        self._failed: BaseException | None = None
        pace = random.Random(rng.random())
        self._thread = Thread(target=self._send, args=(sender, parts, pace), name="sender", daemon=True)
        self._thread.start()

    def _send(self, sender: Sender | ByKinesis, parts: Iterator[Sequence[Sending]], pace: random.Random) -> None:
        try:
            sender.send(next(parts), pace, _PAUSE_S)
            while self.goes_on.is_set():
                sender.send(next(parts), pace, _PAUSE_S)
        except Exception as error:
            self._failed = error

    def join(self) -> None:
        """All is acknowledged; raises what the sender raised."""
        self.goes_on.clear()
        self._thread.join()
        if self._failed:
            raise self._failed


class Run:
    """The programs, the log, the book, and what faults do with them."""

    def __init__(
        self, stack: Stack, namespace: str, seed: int, guard: str | None = None, patience_s: float = 180
    ) -> None:
        self.stack = stack
        self.patience_s = patience_s
        home = stack.folder / namespace
        home.mkdir()
        self.settings = Settings(
            kafka=stack.bootstrap,
            redis=f"redis://{LOOPBACK}:{stack.to_redis.port}/0",
            namespace=namespace,
            home=home,
            partitions=PARTITIONS,
            api_port=free_port(set()),
            kafka_timeout_s=3,
        )
        self.ids = topics.ensure(stack.bootstrap, namespace, PARTITIONS, 1)
        self.shelf = Shelf(self.settings.bundles_url)
        self.versions = [self.shelf.add(random_bundle(30, number)) for number in range(BUNDLES)]
        self.book = Book()
        self.recorded = Recorded(seed)
        self.crew = Crew(self.settings, stack.redis.port, stack.network, guard)
        self.api = Api(self.settings)
        api = f"http://{LOOPBACK}:{self.settings.api_port}"
        self.sender = Sender(api, stack.bootstrap, namespace, self.book)
        self.hits: Counter[str] = Counter()
        """What was really hit, by name."""
        self.round = 0
        self.fault = ""
        self._tails = {topic: Tail(stack.bootstrap, topic, namespace) for topic in (EVENTS, ITEMS, DEAD_LETTER)}
        self._unlearned: dict[Topic, list[object]] = {EVENTS: [], ITEMS: []}
        """Records that the clean run has yet to learn."""
        self._letters: Counter[str] = Counter()
        self._looking = Looking(stack.redis.url, namespace)
        self._clean = Clean(self.settings, stack.clean.url, self.ids)
        self._by_kinesis: ByKinesis | None = None

    def begin(self) -> None:
        """The API, two workers and a bundle in force."""
        self.api.start()
        self.change_bundle(Rollout(self.versions[0]))
        for _ in range(2):
            self.crew.start()
        self.crew.settle()

    @property
    def by_kinesis(self) -> ByKinesis:
        """The other way to Kafka; it's laid when a fault first wants it."""
        if self._by_kinesis is None:
            self._by_kinesis = ByKinesis(self.settings, self.book, self.sender)
        return self._by_kinesis

    def leave_kinesis(self) -> None:
        """Adapters end when they're asked to; raises `AssertionError` unless they end well."""
        if self._by_kinesis:
            self._by_kinesis.leave()

    def end(self) -> None:
        if self._by_kinesis:
            self._by_kinesis.end()
        self.crew.end()
        self.api.end()
        self.sender.close()
        for tail in self._tails.values():
            tail.close()
        self._looking.close()
        self._clean.close()

    def change_bundle(self, rollout: Rollout) -> None:
        """As `moodstream publish` does, again until Kafka has acknowledged."""
        for _ in range(60):
            with suppress(KafkaUnavailable):
                publish(self.settings, self.shelf, rollout)
                return
            time.sleep(0.2)
        raise TimeoutError("nobody acknowledged the bundle's change")

    def any_worker(self, rng: random.Random) -> Worker:
        return rng.choice(self.crew.alive)

    @contextmanager
    def flowing(
        self, rng: random.Random, n: int = EVENTS_A_FAULT, sender: Sender | ByKinesis | None = None
    ) -> Iterator[Flow]:
        """Some events are being sent all the while, and all are acknowledged at the end."""
        parts = (self.recorded.part(self.round, f"{self.fault}/{at}", n if at == 0 else 40) for at in count())
        flow = Flow(sender or self.sender, parts, rng)
        yield flow
        flow.join()

    @contextmanager
    def held_at(self, flow: Flow, worker: Worker, stage: Stage | None) -> Iterator[Point]:
        """A batch of this worker's is held at that stage; what is to follow is said by `let`."""
        point = worker.link.seen.point = Point(stage)
        flow.goes_on.set()
        try:
            name = stage.__name__ if stage else "after_the_writes"
            wait_until(point.reached.is_set, f"a batch of worker {worker.number} to be {name}", self.patience_s)
            flow.goes_on.clear()
            yield point
        finally:
            worker.link.seen.point = None
            point.let(False)

    def recovered(self, everybody: bool = False) -> Found:
        """Wait until the store has what was acknowledged, each once; what is wrong with it if it never does."""
        deadline = time.monotonic() + self.patience_s
        while True:
            found = self._look(everybody)
            if (found and found.nothing) or time.monotonic() > deadline:
                return found or Found({"everything: the servers don't answer": 1}, {})
            time.sleep(_LOOK_EVERY_S)

    def _look(self, everybody: bool) -> Found | None:
        try:
            self._read()
            users = self.book.histories if everybody else self.recorded.users(self.round)
            there = self._looking.held(users)
        except (KafkaError, StoreUnavailable):
            return None
        return self.book.against(*there, self._letters)

    def _read(self) -> None:
        for record in self._tails[EVENTS].new():
            self.book.read(record.partition, record.offset, record.value or b"")
            self._unlearned[EVENTS].append(record)
        for record in self._tails[ITEMS].new():
            self.book.read_item(record.partition, record.offset, record.value or b"")
            self._unlearned[ITEMS].append(record)
        self._letters.update(record.key.decode() for record in self._tails[DEAD_LETTER].new())

    def compared(self) -> list[str]:
        """With nothing on its way and all shards swept: the keys in which the store differs from the clean run's."""
        wait_until(self._is_swept, "all shards to stand at the log's end", 2 * self.patience_s)
        records, items = self._unlearned[EVENTS], self._unlearned[ITEMS]
        self._unlearned = {EVENTS: [], ITEMS: []}
        self._clean.go_on(records, items)
        namespace = self.settings.namespace
        return differing(contents(self.stack.redis.url, namespace), contents(self.stack.clean.url, namespace))

    def _is_swept(self) -> bool:
        try:
            self._read()
            stands = self._looking.standing()
        except (KafkaError, StoreUnavailable):
            return False
        return stands == (self._tails[EVENTS].ends(), self._tails[ITEMS].ends(), True)

    @property
    def letters(self) -> Counter[str]:
        """Origin → how many copies of its dead letter there are."""
        return self._letters


Inject = Callable[[Run, random.Random], float]
"""Does one fault; returns when (monotonic seconds) it began. It's over by then, and all programs are to recover."""


def in_a_while(rng: random.Random) -> float:
    """At any instant of what is being sent."""
    time.sleep(rng.uniform(0.1, 1.2))
    return time.monotonic()
