"""A home with bundles on its shelf, a small log of all kinds of events, and replays of it in this process."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from contracts import events
from contracts.events import Alias, Context, Erase, Impression, Interaction, MoodEvent, Shown
from contracts.kinds import ORDER
from contracts.settings import Settings
from contracts.topics import EVENTS
from model.shelf import Shelf
from moodstream.replay.plan import Plan, Source
from moodstream.replay.spool import spool
from moodstream.replay.way import Arrived, Work, go
from online.learn.outgoing import Raw
from tests.fakes.bundle import random_bundle

START = 1_700_000_000_000
USERS = [f"u{number}" for number in range(12)]
BUNDLES = [random_bundle(30, seed) for seed in (1, 2)]


class CrashError(Exception):
    """As if the process had been killed."""


def some_log(n: int = 240, seed: int = 0) -> list[events.UserEvent]:
    """What users did and were shown, with moods, repeats, an alias and an erasure."""
    rng, log = random.Random(seed), list[events.UserEvent]()
    for number in range(n):
        user, time, name = rng.choice(USERS), START + 60_000 * number, f"e{number}"
        if rng.random() < 0.1:
            log.append(MoodEvent(event_id=name, time=time, user_id=user, mood=rng.choice(("sad", "😀"))))
        elif rng.random() < 0.15:
            likely = 0.5 if number % 2 else 1.0
            shown = [Shown(f"i{item}", at, rng.gauss(0, 1), likely) for at, item in enumerate(rng.sample(range(35), 4))]
            log.append(Impression(event_id=name, time=time, user_id=user, request_id=name, bundle="b", shown=shown))
        else:
            where = Context(place="Graz", session=f"s{number % 5}") if rng.random() < 0.5 else None
            item, kind = f"i{rng.randrange(35)}", rng.choice(ORDER)
            log.append(Interaction(event_id=name, time=time, user_id=user, item_id=item, kind=kind, context=where))
    return log


def with_ends(log: Sequence[events.UserEvent]) -> list[events.UserEvent]:
    """The same with an alias and an erasure in its midst."""
    half, time = len(log) // 2, log[len(log) // 2].time
    alias = Alias(event_id="alias", time=time, user_id=USERS[0], known_as=USERS[1])
    return [*log[:half], alias, Erase(event_id="erase", time=time, user_id=USERS[2]), *log[half:]]


def raws(log: Sequence[events.UserEvent]) -> list[Raw]:
    return [Raw(EVENTS, 0, place, event.time, events.encode(event)) for place, event in enumerate(log)]


def home(folder: Path, **more: str) -> Settings:
    """Settings of a home that has the bundles, the first one current."""
    settings = Settings(home=folder / "home", **more)  # type: ignore[arg-type]
    shelf = Shelf(settings.bundles_url)
    for bundle in BUNDLES:
        if bundle.version not in shelf.versions():
            shelf.add(bundle)
    shelf.point(BUNDLES[0].version)
    return settings


def work(settings: Settings, folder: Path, log: Sequence[Raw], into: str = "", bundles: int = 1) -> Work:
    """A replay of this log, ready to go; what comes before the fortieth record is only learned."""
    folder.mkdir(exist_ok=True)
    plan = Plan(
        source=Source("file", "x", "moodstream"),
        since=log[40].time,
        until=None,
        warm=True,
        bundles=[bundle.version for bundle in BUNDLES[:bundles]],
        into=into,
    )
    return Work(settings, plan, folder, spool(folder, log, plan.since, lambda read: None), 0.0)


def never() -> bool:
    return False


def gone(work: Work, number: int = 0) -> Arrived:
    """To the end without a stop."""
    found = go(work, number, lambda place: None, never)
    assert found is not None
    return found


def after(looks: int) -> Callable[[], bool]:
    """Says to stop at the so many-th look."""
    left = [looks]

    def stopped() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stopped
