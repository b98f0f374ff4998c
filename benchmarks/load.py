"""Clicks at a steady rate, sent by a process of its own, so that what measures beside it doesn't wait for it."""

import random
import time
import uuid
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

from benchmarks.child import Child
from contracts import events
from contracts.events import Interaction
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.prepare import Prepared
from online.kafka import writer

_TICK_S: Final = 0.01
"""So short that the stream is given events as they would come, not a heap at a time."""


class Crowd(NamedTuple):
    """Who clicks, as often as each did in the data, and what on."""

    users: list[str]
    items: list[str]


class Sent(NamedTuple):
    """What the sender says of itself when it ends."""

    events: int
    per_s: float
    late_ms_p99: float
    """Of all ticks: how long the first event that was due had waited to be sent, beyond one tick."""
    late_ms_most: float
    cpu_share: float
    """Of one core, that nobody beside it had."""


def crowd(data: Prepared) -> Crowd:
    """The data's users and items."""
    return Crowd([event.user_id for event in data.events], list(data.items))


def clicks(crowd: Crowd, rng: random.Random) -> Iterator[Interaction]:
    """Clicks without end, as of now."""
    while True:
        yield Interaction(
            event_id=uuid.uuid4().hex,
            time=int(time.time() * 1000),
            user_id=rng.choice(crowd.users),
            item_id=rng.choice(crowd.items),
            kind="click",
        )


class Load(Child):
    """So many clicks a second from entering to `stop`; raises `EOFError` where the sender has ended by itself."""

    def __init__(self, settings: Settings, crowd: Crowd, rate: float) -> None:
        super().__init__(send_steadily, settings, crowd, rate)

    def stop(self) -> Sent:
        """Send no more, and hear how it went."""
        self._pipe.send("stop")
        sent: Sent = self._pipe.recv()
        return sent


def send_steadily(settings: Settings, crowd: Crowd, rate: float, inbox: "Connection[Any, Any]") -> None:
    """The other process: each click when its time has come, until it's told to stop, whatever becomes of them."""
    source, topic = clicks(crowd, random.Random(1)), EVENTS.full_name(settings.namespace)
    with writer(settings) as producer:
        producer.partitions_for(topic)  # else the first of all waits for it
        inbox.send("ready")
        began, worked, sent, late = time.monotonic(), time.process_time(), 0, [0.0]
        while not inbox.poll(_TICK_S):
            passed = time.monotonic() - began
            late.append(max(0.0, passed - (sent + 1) / rate - _TICK_S))
            while sent < int(passed * rate):
                event = next(source)
                producer.send(topic, events.encode(event), event.key.encode())
                sent += 1
        passed, worked = time.monotonic() - began, time.process_time() - worked
    late.sort()
    p99 = late[int(0.99 * (len(late) - 1))]
    inbox.send(Sent(sent, sent / passed, 1000 * p99, 1000 * late[-1], worked / passed))
