"""What operators look after, small and real: bundles on a shelf, letters in Kafka, users, and drift with its alarms."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
from kafka import KafkaProducer
from msgspec import structs

from contracts.dead_letter import DeadLetter
from contracts.events import Interaction, encode
from contracts.rollout import Rollout
from contracts.settings import Settings
from contracts.topics import DEAD_LETTER
from model.bundle import Bundle
from model.shelf import Shelf
from moodstream.local.ports import free_port
from online.learn.drift.drift import Drift
from online.store.memory import MemoryStore
from online.store.protocol import Calibrator, CalibratorWrite, Heartbeat, Watermark
from stream import topics
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.online.answer.world import PARTITIONS, World, felt, took
from tests.online.learn.drift.test_drift import PACE, notes
from tests.serving.api import served
from tests.serving.browser import HOSTILE

TOKEN: Final = "a token of operators in tests"  # noqa: S105 - no secret
AUTHORIZED: Final = {"Authorization": f"Bearer {TOKEN}"}
SET_ASIDE: Final = 1_700_000_000_000


def bundles() -> list[Bundle]:
    """Three, the first item of which has a title that would be markup; the last two were published."""
    made = []
    for number in range(3):
        bundle = random_bundle(60, 40 + number)
        items = (structs.replace(bundle.catalogue[0], title=HOSTILE), *bundle.catalogue[1:])
        metrics = {"tail": {"ndcg@10": 0.11 + number / 100, "hr@10": 0.22}}
        version = f"2026112{number}T030000-{bundle.version[-8:]}"
        made.append(replace(bundle, catalogue=items, version=version, created=SET_ASIDE, metrics=metrics))
    return made


def letter(offset: int, raw: bytes, reason: str, error: str = "InvalidEvent") -> DeadLetter:
    """One that lay in the first partition of `events`."""
    time = SET_ASIDE + offset
    return DeadLetter(raw=raw, reason=reason, error=error, topic="events", partition=0, offset=offset, time=time)


def good(name: str) -> bytes:
    """An event that would be taken in now."""
    return encode(Interaction(event_id=name, time=SET_ASIDE, user_id="ann", item_id="i1", kind="like"))


class Site:
    """The API with its operators' token; it can be stopped and started at the same port."""

    def __init__(self, kafka: str, namespace: str, folder: Path, token: str = TOKEN) -> None:
        self.port = free_port(set())
        self.settings = Settings(
            kafka=kafka,
            namespace=namespace,
            home=folder,
            partitions=PARTITIONS,
            admin_token=token,
            store_timeout_s=60,
        )
        self.bundles = bundles()
        self.shelf = Shelf(self.settings.bundles_url)
        for bundle in self.bundles:
            self.shelf.add(bundle)
        for bundle in self.bundles[:2]:
            self.shelf.point(bundle.version)
        self.versions = [bundle.version for bundle in self.bundles]
        with ThreadPoolExecutor(1) as aside:  # Playwright has a loop of its own in the tests' thread
            self.store = aside.submit(asyncio.run, _filled(self.bundles[1])).result()
        self._running = ExitStack()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> httpx.Client:
        shelf = Shelf(self.settings.bundles_url)
        return self._running.enter_context(served(self.settings, self.store, shelf, MemoryPublisher(), self.port))

    def stop(self) -> None:
        self._running.close()

    def set_aside(self, letters: Sequence[DeadLetter]) -> None:
        """As a worker does."""
        topics.ensure(self.settings.kafka or "", self.settings.namespace, PARTITIONS, 1)
        producer = KafkaProducer(bootstrap_servers=self.settings.kafka, acks="all")
        name = DEAD_LETTER.full_name(self.settings.namespace)
        for sent in [producer.send(name, encode(one), one.origin.encode()) for one in letters]:
            sent.get(10)
        producer.close()


@contextmanager
def running(kafka: str, namespace: str, folder: Path, token: str = TOKEN) -> Iterator[tuple[Site, httpx.Client]]:
    """A site that runs, and a client without a token."""
    site = Site(kafka, namespace, folder, token)
    topics.ensure(kafka, namespace, PARTITIONS, 1)
    try:
        yield site, site.start()
    finally:
        site.stop()


async def _filled(bundle: Bundle) -> MemoryStore:
    """Users who did something, workers that live, and drift in one partition."""
    world = World(bundle)
    world.shelf = MemoryShelf(bundle)
    await world.begin()
    rng = random.Random(5)
    for user in ("me", "ann", "ben", "cleo"):
        for _ in range(12):
            await world.learn(took(user, f"i{rng.randrange(60)}", rng.choice(["like", "click", "dislike"])))
    await world.learn(felt("me", "😢"))
    for partition in range(PARTITIONS):
        drift, some = Drift(partition, PACE), random.Random(partition)
        drift.take(notes(some, 400))
        drift.change(Rollout(bundle.version), 400)
        drift.take(notes(some, 200, 401, unknown=0.8 if partition == 0 else 0.05))
        running, kept = drift.packed()
        before = (await world.memory.calibrator(partition)).watermark
        new = Calibrator(Watermark(before.incarnation, 601), b"", running, kept)
        await world.memory.write_calibrator(CalibratorWrite(partition, before, new))
    for partition in range(PARTITIONS):
        await world.memory.beat(Heartbeat(partition, 26, 26 + 3 * partition, 2 * SET_ASIDE))
    return world.memory
