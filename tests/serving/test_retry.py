"""A client that sends a request again, with the same ids, changes nothing by it; what it may send again is bounded."""

import asyncio
from typing import Any

import pytest

from contracts import events
from contracts.topics import EVENTS
from serving.posted import MAX_OF_ONE
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.online.answer.world import START, World
from tests.serving.api import Api
from tests.serving.test_events import is_problem

BUNDLE = random_bundle(50, 1)


def likes(count: int, user: str = "me") -> list[dict[str, Any]]:
    like = {"type": "interaction", "time": START, "user_id": user, "kind": "like"}
    return [{**like, "event_id": f"{user}-{n}", "item_id": f"i{n % 50}"} for n in range(count)]


def learned(log: MemoryPublisher) -> tuple[int, list[str]]:
    """How many events counted for the user, and their history, once the stream took in the log."""

    async def scene() -> tuple[int, list[str]]:
        world = await World(BUNDLE).begin()
        records = [record for (topic, _), of in sorted(log.logs.items()) if topic == EVENTS for record in of]
        await world.learn(*(events.decode(record.value) for record in records))
        _, record = await world.memory.user("me")
        assert record
        state, history, _ = record.unpack()
        return state.count, [entry.item for entry in history]

    return asyncio.run(scene())


@pytest.mark.parametrize("lost", [set(), {3, 77}, set(range(MAX_OF_ONE)) - {0}])
def test_the_largest_request_of_one_user_sent_again_has_no_second_effect(
    memory_api: Api, log: MemoryPublisher, lost: set[int]
) -> None:
    """Some were acknowledged, the answer named the others, the client sends all again and once more."""
    log.unacknowledged = set(lost)
    first = memory_api.http.post("/v1/events", json=likes(MAX_OF_ONE))
    assert first.status_code == (503 if lost else 202)
    log.unacknowledged = set()
    for _ in range(2):
        assert memory_api.http.post("/v1/events", json=likes(MAX_OF_ONE)).status_code == 202
        memory_api.http.post("/v1/events", json=likes(5, user="another"))
    count, history = learned(log)
    assert count == MAX_OF_ONE
    assert sorted(history) == sorted(one["item_id"] for one in likes(MAX_OF_ONE))


def test_more_events_of_one_user_than_can_be_sent_again_are_refused_by_name(memory_api: Api) -> None:
    answer = memory_api.http.post("/v1/events", json=[*likes(MAX_OF_ONE + 2), *likes(1, user="you")])
    assert answer.status_code == 202
    statuses = [one["status"] for one in answer.json()["results"]]
    assert statuses == ["accepted"] * MAX_OF_ONE + ["refused"] * 2 + ["accepted"]
    assert "send the others in the next one" in answer.json()["results"][MAX_OF_ONE]["reason"]


def test_what_the_broker_will_never_take_is_refused_not_asked_for_again(memory_api: Api, log: MemoryPublisher) -> None:
    log.rejected = {1}
    results = memory_api.http.post("/v1/events", json=likes(2)).json()["results"]
    assert [one["status"] for one in results] == ["accepted", "refused"]
    assert "Kafka won't take it" in results[1]["reason"]
    log.rejected = {0}
    problem = is_problem(memory_api.http.post("/v1/events", json=likes(1)), 422)
    assert problem["results"][0]["status"] == "refused"
    is_problem(memory_api.http.delete("/v1/users/me"), 422)
