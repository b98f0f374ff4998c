"""A night on the real stack: killed, gone on with, shown to half of the users, and promoted for what they take."""

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.events import Interaction
from moodstream.client import Placed
from moodstream.local.running import heartbeats
from moodstream.sending import send_and_learn
from online.lake.read import positions
from tests.batch.nightly.world import AFTER, BEFORE, trained
from tests.end_to_end.conftest import Loop, in_a_home, looped

WITHIN_S = 240
pytestmark = pytest.mark.timeout(900)  # three times the imports of torch, beside a stack
CHOSEN = ("--events", "200", "--share", "0.5", "--window", "0.02", "--enough", "40", "--scratch-every", "0")


@pytest.fixture(scope="module")
def site(kafka: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A loop with a trained bundle, which has learned what was before and what came since."""
    with looped(in_a_home(kafka, redis_url, tmp_path_factory.mktemp("home")), trained()) as running:
        send_and_learn(running.settings, [*BEFORE, *AFTER], lambda: heartbeats(running.settings), lambda *_: None)
        wait_for(lambda: sum(sum(of.values()) for of in in_lake(running)) >= len(BEFORE) + len(AFTER))
        yield running


def in_lake(loop: Loop) -> list[dict[int, int]]:
    return [dict(of) for of in positions(loop.settings.lake_url, loop.settings.namespace).values()]


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


def night_in(loop: Loop) -> Path | None:
    return next(Path(loop.settings.nights_url).glob("2*"), None)


def started(loop: Loop, *arguments: str) -> "subprocess.Popen[str]":
    """`moodstream nightly` as a process."""
    return subprocess.Popen(
        (sys.executable, "-m", "moodstream", "nightly", *arguments),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(sys.path), **loop.settings.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(loop: Loop, *arguments: str) -> str:
    """What it says, once it has ended well."""
    process = started(loop, *arguments)
    text = process.communicate(timeout=WITHIN_S)[0]
    assert process.returncode == 0, text
    return text


def killed_once_there_is(loop: Loop, name: str) -> None:
    """A night, ended by kill -9 as soon as it has left this record."""
    process = started(loop, *CHOSEN)
    try:
        wait_for(lambda: bool((night := night_in(loop)) and (night / name).exists()) or process.poll() is not None)
        assert process.poll() is None, process.communicate()[0]
    finally:
        process.kill()
        process.communicate()


def visited(loop: Loop, users: int = 60) -> Placed:
    """Everybody asks twice, and takes something from a page in three; where the last event lies."""
    rng = random.Random(0)

    def take(user: str, item: str) -> Placed:
        clicked = Interaction(event_id=uuid.uuid4().hex, time=int(time.time() * 1000), user_id=user, item_id=item)
        return loop.client.post([clicked])[0]

    for number in range(2 * users):
        answer = loop.client.recommend(f"visitor{number % users}")
        if rng.random() < 0.33:
            take(f"visitor{number % users}", rng.choice(answer.items).item_id)
    time.sleep(1.5)  # the window's end: until then nothing of the last pages is decided
    return take("the last", "r0i0")


def test_a_night_that_was_killed_goes_on_to_its_canary_and_is_promoted_for_what_users_take(site: Loop) -> None:
    base = site.shelf.current()
    killed_once_there_is(site, "begun.json")
    killed_once_there_is(site, "trained.json")
    assert "the canary is waited for" in said(site, *CHOSEN)
    canary = site.shelf.canary()
    assert canary is not None
    assert len(site.shelf.versions()) == 2
    last = visited(site)
    text = httpx.get(f"{site.client.address}/metrics", trust_env=False).text
    for version in (canary.bundle, canary.canary):
        assert f'moodstream_answer_seconds_count{{bundle="{version}"}}' in text
    wait_for(lambda: any(of.get(last.partition, 0) > last.offset for of in in_lake(site)))
    deadline, told = time.monotonic() + WITHIN_S, ""
    while site.shelf.canary() and time.monotonic() < deadline:
        told = said(site, "--judge")
    assert site.shelf.current() == canary.canary != base, told
    history = msgspec.json.decode(said(site, "history", "--json"))
    assert [night["ended"]["outcome"] for night in history["nights"]] == ["promoted"]
    assert "promoted" in said(site, "history")
    assert "nothing to judge" in said(site, "--judge")
