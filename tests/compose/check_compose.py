"""The containers do what the local stack does: `make check-compose`, where a Docker engine runs and has the images."""

import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.events import Interaction
from contracts.rollout import Rollout
from model.shelf import Shelf
from moodstream.client import Client
from online.publish import publish
from tests.compose.up import CORE, Compose, docker, eventually, missing
from tests.fakes.bundle import random_bundle

KILL_THE_WORKER = """
import os
for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
    if pid not in (1, os.getpid()):  # the container's init ends with it, and is started again
        os.kill(pid, 9)
"""
NO_ROOT = 'test "$(id -u)" != 0 && ! touch /written 2>/dev/null && touch /tmp/written'
_NEEDS = missing(*CORE)
pytestmark = [pytest.mark.skipif(bool(_NEEDS), reason=_NEEDS or "it can"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    with Compose(tmp_path_factory.mktemp("stack")) as up:
        publish_a_bundle(up, up.folder / "data" / "bundles")
        yield up


@pytest.fixture
def client(stack: Compose) -> Iterator[Client]:
    with stack.client() as client:
        eventually(client.is_ready)
        yield client


def publish_a_bundle(stack: Compose, shelf_folder: Path) -> str:
    """A random one, on a shelf in this folder."""
    shelf = Shelf(str(shelf_folder))
    version = shelf.add(random_bundle(30))
    publish(stack.settings, shelf, Rollout(version))
    return version


def like(user: str, item: str) -> Interaction:
    return Interaction(event_id=uuid.uuid4().hex, time=int(time.time() * 1000), user_id=user, item_id=item, kind="like")


def learned(client: Client, user: str) -> int:
    """Events that the stream has learned of a user."""
    return client.profile(user).events


def test_a_click_changes_the_answer(stack: Compose, client: Client) -> None:
    current = Shelf(str(stack.folder / "data" / "bundles")).current()
    eventually(lambda: client.recommend("me").bundle == current)
    before = client.recommend("me")
    changed, _ = client.until_changed("me", client.post([like("me", before.items[0].item_id)])[-1])
    assert before.items[0].item_id not in [item.item_id for item in changed.items]
    eventually(lambda: not client.recommend("me").degraded)


def test_every_container_is_healthy_runs_as_no_root_and_writes_only_where_it_may(stack: Compose) -> None:
    for one in stack.each():
        assert one["Health"] == "healthy", one["Name"]
        stack.inside(one["Service"], "sh", "-c", NO_ROOT)


def test_a_killed_worker_comes_back_and_learns_what_came_meanwhile(stack: Compose, client: Client) -> None:
    client.post([like("killed", "i1")])
    eventually(lambda: learned(client, "killed") == 1)
    stack.inside("stream", "python", "-c", KILL_THE_WORKER)
    client.post([like("killed", "i2")])
    eventually(lambda: learned(client, "killed") == 2, within_s=90)
    assert docker("inspect", "--format", "{{.RestartCount}}", stack.each("stream")[0]["ID"]).stdout.strip() == b"1"


def test_four_workers_share_the_partitions(stack: Compose, client: Client) -> None:
    stack("up", "--detach", "--no-build", "--wait", "--scale", "stream=4", "stream")
    assert [one["Health"] for one in stack.each("stream")] == ["healthy"] * 4
    users = [f"shared-{number}" for number in range(20)]
    for user in users:
        client.post([like(user, "i3")])
    eventually(lambda: all(learned(client, user) == 1 for user in users), within_s=90)
    eventually(lambda: sorted(partitions_of_each(stack)) == [["0"], ["1"], ["2"], ["3"]], within_s=90)


def partitions_of_each(stack: Compose) -> list[list[str]]:
    """Which partitions each of four workers says are its own."""
    ask = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:9100/metrics').read().decode())"
    told = [stack.inside("stream", "python", "-c", ask, index=number) for number in (1, 2, 3, 4)]
    return [re.findall(r'^moodstream_lag_events{partition="(\d+)"}', text, re.MULTILINE) for text in told]


def test_what_was_learned_outlives_every_container(stack: Compose, client: Client) -> None:
    client.post([like("kept", "i4"), like("kept", "i5")])
    eventually(lambda: learned(client, "kept") == 2)
    stack("down", "--timeout", "30")
    stack("up", "--detach", "--no-build", "--wait", *CORE)
    eventually(client.is_ready)
    eventually(lambda: learned(client, "kept") == 2)
    client.post([like("kept", "i6")])
    eventually(lambda: learned(client, "kept") == 3)


def test_sigterm_ends_all_of_them_within_their_grace(stack: Compose) -> None:
    """By themselves: a container that was killed after its grace would say 137."""
    stack("stop")
    codes = {one["Service"]: one["ExitCode"] for one in stack.each()}
    assert codes["stream"] == codes["serving"] == codes["redis"] == 0
    assert codes["kafka"] in (0, 143)  # a JVM says 143 for a SIGTERM that it has obeyed
