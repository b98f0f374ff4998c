"""A stack of its own, the log's head learned by stream and replay, a sample of its tail asked of both."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from batch.evaluate.protocol import Protocol
from batch.evaluate.split import Step, split
from batch.replay import MICRO_BATCH, Replay, UserEvent
from contracts.errors import Misconfigured
from contracts.rollout import Rollout
from contracts.settings import Settings
from model.bundle import Bundle
from model.items import Item
from model.shelf import Shelf
from moodstream.client import Client
from moodstream.console import bar, say
from moodstream.live.api import Api, now_ms
from moodstream.live.compare import Compared, compare
from moodstream.live.log import opened
from moodstream.live.quick import train_quickly
from moodstream.live.sample import sample
from moodstream.local.running import Running, heartbeats, running
from moodstream.sending import send_and_learn
from online.publish import publish

SCORED: Final = 500
CURRENT: Final = "current"
_PATIENT_S: Final = 30.0
"""No answer is given up for Redis being slow: that is no difference."""


def check(
    settings: Settings, log: Sequence[UserEvent], items: Sequence[Item], protocol: Protocol, version: str
) -> Compared:
    """How often the two answer the same, on this bundle of the shelf (`current` is one) or one trained in seconds.

    Raises `Misconfigured`, `BundleRejected`, `Unavailable`.
    """
    parts = split(log, msgspec.structs.replace(protocol, max_events=None))
    steps = sample(parts.steps, protocol.max_events or SCORED, protocol.seed)
    head = until(parts.head, now_ms())
    bundle = _on_shelf(settings, version) if version else train_quickly(head, items, protocol)
    with _stack(settings, bundle) as stack:
        return asyncio.run(_compared(stack, bundle, head, steps, repeat=protocol.repeats != "never"))


def until(log: Sequence[UserEvent], now: int) -> list[UserEvent]:
    """The log moved so that it ends at `now` (UTC ms): the stream takes no event for later than it came."""
    shift = now - log[-1].time
    return [msgspec.structs.replace(event, time=event.time + shift) for event in log]


def _on_shelf(settings: Settings, version: str) -> Bundle:
    shelf = Shelf(settings.bundles_url)
    wanted = shelf.current() if version == CURRENT else version
    if wanted is None:
        raise Misconfigured(
            f"no bundle is published in {shelf.url}: leave --bundle away, and one is trained in seconds"
        )
    return shelf.load(wanted)


@contextmanager
def _stack(settings: Settings, bundle: Bundle) -> Iterator[Running]:
    """Kafka, Redis, a worker and the API of their own, with all users on the bundle and counts always read anew."""
    with tempfile.TemporaryDirectory(prefix="moodstream-live-") as folder:
        own = Settings(home=Path(folder), partitions=settings.partitions, counts_stale_ms=0, store_timeout_s=_PATIENT_S)
        with running(own, say) as stack:
            shelf = Shelf(stack.settings.bundles_url)
            publish(stack.settings, shelf, Rollout(shelf.add(bundle)))
            stack.start_workers()
            yield stack


async def _compared(
    stack: Running, bundle: Bundle, head: Sequence[UserEvent], steps: Sequence[Step], *, repeat: bool
) -> Compared:
    replay = await Replay.on(bundle)
    say(f"learning {len(head):,} events by the stream and, beside it, by a replay in memory")
    await asyncio.gather(asyncio.to_thread(_send, stack.settings, head), _learn(replay, head))
    with (
        opened(stack.settings) as log,
        Client(stack.api) as client,
        bar("asking", len(steps), "events") as told,
    ):
        return await compare(Api(client, log), replay, steps, repeat, told)


def _send(settings: Settings, head: Sequence[UserEvent]) -> None:
    with bar("learning", len(head), "events") as told:
        send_and_learn(settings, head, lambda: heartbeats(settings), told)


async def _learn(replay: Replay, head: Sequence[UserEvent]) -> None:
    """In parts, so that others get a turn."""
    for start in range(0, len(head), MICRO_BATCH):
        await replay.learn(head[start : start + MICRO_BATCH])
        await asyncio.sleep(0)
