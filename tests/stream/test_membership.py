"""Workers with lasting names: one that is started anew keeps its partitions, and the others are not held up."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from contracts.events import Interaction
from contracts.topics import EVENTS
from tests.stream.live import Live, live


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live(kafka, redis_url, namespace, tmp_path) as place:
        yield place


def likes(begin: int) -> list[Interaction]:
    """Of twenty users, so that every partition has some."""
    return [
        Interaction(event_id=f"e{n}", time=n, user_id=f"u{n}", item_id="i1", kind="like")
        for n in range(begin, begin + 20)
    ]


def test_a_worker_that_is_started_anew_keeps_its_partitions_and_nobody_else_is_held_up(running: Live) -> None:
    running.put_in_force(1)
    running.worker(instance="stream-0")
    second = running.worker(instance="stream-1")
    running.send(likes(0))
    running.wait_until_learned()
    before = _until_shared(running)
    running.stop(second)
    assert _members(running) == before, "the group keeps the place of one who is away for a moment"
    running.worker(instance="stream-1")
    running.send(likes(20))
    running.wait_until_learned()
    assert _members(running) == before


def _until_shared(running: Live) -> dict[str, list[int]]:
    """The members, once both have partitions."""
    deadline = time.monotonic() + 60
    while True:
        found = _members(running)
        if set(found) == {"stream-0", "stream-1"} and all(found.values()):
            return found
        assert time.monotonic() < deadline, f"{found}\n{running.said()[-4000:]}"
        time.sleep(0.1)


def _members(running: Live) -> dict[str, list[int]]:
    """The partitions of `events` that each has, by lasting name."""
    group = f"{running.settings.namespace}.stream"
    admin: Any = KafkaAdminClient(bootstrap_servers=running.kafka)
    try:
        described = admin.describe_groups([group])[group]
    finally:
        admin.close()
    name = EVENTS.full_name(running.settings.namespace)
    return {member["group_instance_id"]: _partitions(member, name) for member in described["members"]}


def _partitions(member: dict[str, Any], topic: str) -> list[int]:
    assigned = (member["member_assignment"] or {}).get("assigned_partitions", [])
    return sorted(number for one in assigned if one["topic"] == topic for number in one["partitions"])
