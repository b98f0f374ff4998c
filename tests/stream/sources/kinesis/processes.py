"""Adapters as processes of their own, as `moodstream source kinesis` runs them, and what they hand on to Kafka."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self

from contracts import events
from contracts.events import Event
from contracts.settings import Settings
from contracts.topics import DEAD_LETTER, EVENTS, ITEMS, Topic
from moodstream.local.ports import free_port
from tests.aws.stream import Stream, owners, table_of
from tests.faults.servers import wait_until
from tests.faults.topic import Tail

LEASE_S: Final = 2.0
CALM: Final = ("--lease", "30")
"""For who is to hand on nothing twice: no standstill is as long as this lease."""
WITHIN_S: Final = 90.0


class Process:
    """One adapter."""

    def __init__(self, settings: Settings, stream: Stream, number: int, more: tuple[str, ...]) -> None:
        self.port = free_port(set())
        self.log = settings.home / f"adapter-{number}.log"
        options = {"--stream": stream.name, "--table": table_of(stream.name), "--lease": str(LEASE_S)}
        options |= {"--from": "trim-horizon", "--port": str(self.port)}
        options |= {"--region": stream.where.region, "--endpoint": stream.where.endpoint}
        argv = [part for option in options.items() if option[1] for part in option]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moodstream", "source", "kinesis", *argv, *more],
                env={**os.environ, **settings.environment()},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._process.terminate()
        return self._process.wait(60)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None


class Adapters:
    """All of one stream's."""

    def __init__(self, settings: Settings, stream: Stream) -> None:
        self._settings = settings
        self._stream = stream
        self._all: list[Process] = []
        self._tails: dict[Topic, Tail] = {}
        self.seen: dict[Topic, list[Any]] = {EVENTS: [], ITEMS: [], DEAD_LETTER: []}
        """Records of each topic as they came."""

    def __enter__(self) -> Self:
        self._tails = {topic: Tail(self._settings.kafka or "", topic, self._settings.namespace) for topic in self.seen}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tail in self._tails.values():
            tail.close()
        for process in self._all:
            if process.is_running:
                process.kill()
            if kind:
                sys.stderr.write(f"--- {process.log.name}\n{process.log.read_text()}\n")

    def start(self, *more: str) -> Process:
        """One more; returns at once."""
        self._all.append(Process(self._settings, self._stream, len(self._all), more))
        return self._all[-1]

    def read(self) -> None:
        """What has come to Kafka."""
        for topic, tail in self._tails.items():
            self.seen[topic] += tail.new()

    def ids(self) -> list[str]:
        """Of the events in Kafka, in the order of each partition."""
        return [events.decode(record.value).event_id for record in self.seen[EVENTS]]

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Until that holds of what is in Kafka."""

        def holds_now() -> bool:
            self.read()
            return holds()

        wait_until(holds_now, "Kafka to have what was sent", WITHIN_S)

    def wait_for(self, number: int) -> None:
        """Until so many events that differ are in Kafka."""
        self.wait_until(lambda: len(set(self.ids())) >= number)

    def first_orders(self) -> dict[str, list[str]]:
        """User → ids in the order in which each came first: what the learner makes of them."""
        orders: dict[str, dict[str, None]] = {}
        for record in self.seen[EVENTS]:
            event = events.decode(record.value)
            orders.setdefault(event.key, {})[event.event_id] = None
        return {user: list(ids) for user, ids in orders.items()}

    def wait_for_owners(self, number: int) -> None:
        """Until all shards are read, by so many adapters."""

        def are_owned() -> bool:
            reading, _ = owners(self._stream.where, table_of(self._stream.name))
            return all(reading.values()) and len(set(reading.values())) == number

        wait_until(are_owned, f"{number} adapters to share the shards", WITHIN_S)


def in_order(sent: Iterable[Event]) -> dict[str, list[str]]:
    """User → ids in the order in which they were sent."""
    orders: dict[str, list[str]] = {}
    for event in sent:
        orders.setdefault(event.key, []).append(event.event_id)
    return orders
