"""Small logs of one partition for the learner's tests, and learners to read them."""

import random
from collections.abc import Sequence
from importlib import import_module
from itertools import count, islice
from typing import Final

from contracts import events
from contracts.events import BundleChange, Context, Impression, Interaction, MoodEvent, Shown
from contracts.kinds import ORDER
from contracts.rollout import Rollout
from contracts.sharding import user_shard
from contracts.topics import EVENTS
from model.bundle import Bundle
from online.learn.bundles import Bundles
from online.learn.drift.block import Pace
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Outgoing, Raw
from online.store.protocol import Store
from tests.fakes.bundle import random_bundle

PARTITIONS: Final = 512
"""So that a partition has two user shards."""
TOPIC_ID: Final = "topic-1"
USERS: Final = tuple(islice((f"u{n}" for n in count() if user_shard(f"u{n}") % PARTITIONS == 0), 4))
START: Final = 1_700_000_000_000
PACE: Final = Pace(3, 0)
"""Blocks so short that small logs have many."""
APART_MS: Final = 600_000
"""Between two events, so that showings are taken in time, late or never."""


class Shelf(dict[str, Bundle]):
    """Bundles by version, in memory."""

    def load(self, version: str) -> Bundle:
        return self[version]


import_module("online.learn.watched")  # so that no learner needs a thread to load it
SHELF: Final = Shelf({bundle.version: bundle for bundle in (random_bundle(12, seed) for seed in (1, 2))})
VERSIONS: Final = tuple(SHELF)


def records(log: Sequence[events.Record | bytes], start: int = 0, apart_ms: int = APART_MS) -> list[Raw]:
    """The events as they would lie in partition 0, so far apart on arrival."""
    return [
        Raw(EVENTS, 0, offset, START + apart_ms * offset, e if isinstance(e, bytes) else events.encode(e))
        for offset, e in enumerate(log, start)
    ]


def bundle_change(number: int) -> BundleChange:
    """A control record for one of `VERSIONS`."""
    return BundleChange(event_id=f"change-{number}", time=START, rollout=Rollout(VERSIONS[number]))


def random_log(rng: random.Random, n: int) -> list[events.Record]:
    """Interactions, moods and impressions of a few users, some sent twice, with bundle changes among them."""
    log: list[events.Record] = [bundle_change(0)]
    for number in range(n):
        if rng.random() < 0.15 and len(log) > 1:
            log.append(rng.choice(log[1:]))  # sent again
        elif rng.random() < 0.08:
            log.append(bundle_change(rng.randrange(2)))
        else:
            log.append(random_event(rng, number))
    return log


def random_event(rng: random.Random, number: int) -> Interaction | MoodEvent | Impression:
    """An event of one of `USERS`, now and then late or about an item that no bundle knows."""
    user, time = rng.choice(USERS), START + APART_MS * number - rng.choice((0, 0, 0, 5 * APART_MS))
    if rng.random() < 0.2:
        return MoodEvent(event_id=f"e{number}", time=time, user_id=user, mood=rng.choice(("happy", "😢", "calm")))
    if rng.random() < 0.4:
        return random_impression(rng, number, user, time)
    item, context = f"i{rng.randrange(14)}", Context(request_id=f"e{rng.randrange(number + 1)}")
    where = rng.choice((None, context))
    return Interaction(
        event_id=f"e{number}", time=time, user_id=user, item_id=item, kind=rng.choice(ORDER), context=where
    )


def random_impression(rng: random.Random, number: int, user: str, time: int) -> Impression:
    """A page of a few items, which the user may take in what follows."""
    items = rng.sample(range(14), rng.randint(0, 8))
    shown = [Shown(f"i{item}", place, rng.gauss(0, 1), 1.0) for place, item in enumerate(items)]
    return Impression(event_id=f"e{number}", time=time, user_id=user, request_id=f"e{number}", bundle="", shown=shown)


class Box(list[Outgoing]):
    """An outbox that keeps what was sent."""

    async def __call__(self, outgoing: Sequence[Outgoing]) -> None:
        self.extend(outgoing)


class Ready(Bundles):
    """Bundles that need no thread to be loaded."""

    async def open(self, version: str) -> Bundle:
        return SHELF[version]


def learner_of(store: Store, box: Box | None = None) -> Learner:
    """A learner with everything real but Kafka and the clock."""
    box = box if box is not None else Box()
    return Learner(store, Ready(SHELF), Enricher(), box, PARTITIONS, lambda: START, PACE)
