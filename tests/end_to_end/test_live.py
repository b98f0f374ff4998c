"""What is served through HTTP, Kafka and Redis is what a replay in memory answers, moods and contexts included."""

import asyncio
import random
from collections.abc import Iterator

import msgspec
import pytest

from batch.evaluate.protocol import Protocol
from batch.evaluate.split import Step, split
from batch.replay import Replay, UserEvent
from contracts.events import Context, Interaction, MoodEvent
from contracts.kinds import Kind
from moodstream.live.api import Api, now_ms
from moodstream.live.compare import Compared, compare
from moodstream.live.log import opened
from moodstream.live.verdict import show
from moodstream.local.running import heartbeats
from moodstream.sending import send_and_learn
from tests.end_to_end.conftest import Loop, in_a_home, looped
from tests.fakes.bundle import random_bundle

BUNDLE = random_bundle(60)
KINDS: list[Kind] = ["like", "click", "dislike", "skip", "play"]


def context(rng: random.Random) -> Context:
    return Context(
        session=f"s{rng.randrange(9)}",
        place=rng.choice(["home", "work", "train"]),
        device=rng.choice(["phone", "desktop"]),
        mood=rng.choice([None, None, "😢", "calm"]),
        extra={"band": rng.choice(["low", "high"]), "hour": rng.randrange(4)},
    )


def life(events: int, seed: int) -> list[UserEvent]:
    """Users take, dislike and skip items, some of which no bundle knows, and say how they feel; it ends now."""
    rng = random.Random(seed)
    return [event(rng, number, now_ms() - 60_000 * (events - number)) for number in range(events)]


def event(rng: random.Random, number: int, time: int) -> UserEvent:
    name, user, about = f"e{number}", f"u{rng.randrange(30)}", context(rng) if rng.random() < 0.7 else None
    if rng.random() < 0.1:
        return MoodEvent(event_id=name, time=time, user_id=user, mood=rng.choice(["happy", "😢", "🤩"]), context=about)
    item, kind = f"i{int(70 * rng.random() ** 2)}", rng.choice(KINDS)
    return Interaction(event_id=name, time=time, user_id=user, item_id=item, kind=kind, context=about)


@pytest.fixture(scope="module")
def fresh(kafka: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A loop with counts that are never old."""
    settings = in_a_home(kafka, redis_url, tmp_path_factory.mktemp("home"))
    with looped(msgspec.structs.replace(settings, counts_stale_ms=0, store_timeout_s=30), BUNDLE) as running:
        yield running


async def compared(loop: Loop, head: list[UserEvent], steps: list[Step], repeat: bool) -> Compared:
    replay = await Replay.on(BUNDLE)
    await replay.learn(head)
    with opened(loop.settings) as log:
        return await compare(Api(loop.client, log), replay, steps, repeat, lambda done, more: None)


def test_the_answers_are_those_of_a_replay(fresh: Loop) -> None:
    cut = split(life(400, seed=1), Protocol(repeats="kept"))
    send_and_learn(fresh.settings, cut.head, lambda: heartbeats(fresh.settings), lambda done, more: None)
    found = asyncio.run(compared(fresh, list(cut.head), list(cut.steps), repeat=True))
    show(found)
    assert found.asked > 30
    assert found.same == found.asked
    assert not found.degraded
