"""Posting events: acknowledged with their place, refused with their reason; good, bad and hostile bodies."""

import json
import time
from typing import Any

import httpx
import msgspec
import pytest

from contracts import events
from contracts.events import MAX_EVENT_BYTES
from contracts.sharding import partition_of
from contracts.topics import EVENTS, ITEMS
from tests.fakes.publisher import MemoryPublisher
from tests.serving.api import Api

LIKE = {"type": "interaction", "user_id": "me", "item_id": "i1", "kind": "like"}


def posted(api: Api, body: Any) -> httpx.Response:
    """Post JSON, or bytes as they are; wait for a Kafka that is still being connected to."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    for _ in range(100):
        answer = api.http.post("/v1/events", content=content)
        if answer.status_code != 503:
            break
        time.sleep(0.1)
    return answer


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document; no trace of what is inside."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    return problem


def test_one_event_is_acknowledged_with_its_place_id_and_token(api: Api) -> None:
    answer = posted(api, LIKE)
    assert answer.status_code == 202
    (result,) = answer.json()["results"]
    assert (result["index"], result["status"], result["partition"]) == (0, "accepted", partition_of("me", 4))
    assert result["offset"] >= 0
    assert result["event_id"]
    assert set(answer.json()["tokens"]) == {"me"}


def test_offsets_follow_the_order_sent(api: Api) -> None:
    first = posted(api, [LIKE] * 50).json()["results"]
    second = posted(api, [LIKE] * 50).json()["results"]
    offsets = [result["offset"] for result in first + second]
    assert offsets == list(range(offsets[0], offsets[0] + 100))


def test_bad_events_are_named_and_good_ones_accepted(api: Api) -> None:
    batch = [LIKE, {"type": "interaction", "user_id": "me"}, {"type": "mood", "user_id": "you", "mood": "😊"}, 7]
    answer = posted(api, batch)
    assert answer.status_code == 202
    results = answer.json()["results"]
    assert [result["index"] for result in results] == [0, 1, 2, 3]
    assert [result["status"] for result in results] == ["accepted", "refused", "accepted", "refused"]
    assert "item_id" in results[1]["reason"]
    assert set(answer.json()["tokens"]) == {"me", "you"}


def test_a_thousand_events_at_once(api: Api) -> None:
    posted(api, LIKE)  # Kafka is connected to
    began = time.perf_counter()
    answer = posted(api, [{**LIKE, "user_id": f"u{number}"} for number in range(1000)])
    assert time.perf_counter() - began < 10
    assert sum(result["status"] == "accepted" for result in answer.json()["results"]) == 1000


def test_an_erase_is_acknowledged_with_its_place(api: Api) -> None:
    posted(api, LIKE)
    answer = api.http.delete("/v1/users/me")
    assert answer.status_code == 202
    assert answer.json()["partition"] == partition_of("me", 4)
    assert answer.json()["offset"] >= 1


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"type":"interaction","user_id":"\xff\xfe","item_id":"i","kind":"like"}',
    "lone surrogate": b'{"type":"interaction","user_id":"\\ud800","item_id":"i","kind":"like"}',
    "deep array": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep closed array": b"[" * 50_000 + b"]" * 50_000,
    "NaN": b'{"type":"interaction","user_id":"me","item_id":"i","kind":"rating","value":NaN}',
    "infinity": b'{"type":"interaction","user_id":"me","item_id":"i","kind":"rating","value":1e999}',
    "huge number": b'{"type":"interaction","user_id":"me","item_id":"i","time":' + b"9" * 5000 + b"}",
    "unknown version": b'{"type":"interaction","user_id":"me","item_id":"i","kind":"like","schema_version":2}',
    "wrong type": b'{"type":"interaction","user_id":7,"item_id":[],"kind":{}}',
    "null": b"null",
    "a number": b"1",
    "a text": b'"interaction"',
    "empty array": b"[]",
    "no type": b'{"user_id":"me","item_id":"i"}',
    "control characters": b'{"type":"interaction","user_id":"a\\u0000b","item_id":"i","kind":"like"}',
    "empty id": b'{"type":"interaction","user_id":"","item_id":"i","kind":"like"}',
    "huge id": b'{"type":"interaction","user_id":"' + b"x" * 5000 + b'","item_id":"i","kind":"like"}',
    "a control record": b'{"type":"bundle","event_id":"x","time":1,"rollout":{"bundle":"evil"}}',
    "1,001 events": msgspec.json.encode([LIKE] * 1001),
    "an event of 64 KB": msgspec.json.encode({**LIKE, "context": {"extra": {"a": "x" * MAX_EVENT_BYTES}}}),
    "negative time": b'{"type":"mood","user_id":"me","mood":"sad","time":-1}',
    "boolean time": b'{"type":"mood","user_id":"me","mood":"sad","time":true}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_are_refused_with_a_problem(memory_api: Api, name: str) -> None:
    answer = memory_api.http.post("/v1/events", content=HOSTILE[name])
    assert answer.status_code in (400, 413, 422), answer.text
    problem = is_problem(answer, answer.status_code)
    assert problem["detail"]


def test_where_all_are_refused_each_is_named(memory_api: Api) -> None:
    problem = is_problem(memory_api.http.post("/v1/events", content=b'[{"type":"x"},1]'), 422)
    assert [(one["index"], one["status"]) for one in problem["results"]] == [(0, "refused"), (1, "refused")]
    assert all(one["reason"] for one in problem["results"])


def test_two_megabytes_are_too_many_however_they_come(memory_api: Api) -> None:
    is_problem(memory_api.http.post("/v1/events", content=b"[" + b" " * 2_200_000 + b"]"), 413)
    chunks = (b" " * 100_000 for _ in range(30))
    is_problem(memory_api.http.post("/v1/events", content=chunks), 413)


def test_what_lies_in_kafka_is_what_was_sent_with_an_id_and_a_time(memory_api: Api, log: MemoryPublisher) -> None:
    sent = {**LIKE, "my_column": [1, 2], "context": {"extra": {"price": 3.5}}}
    posted(memory_api, sent)
    (record,) = log.logs[EVENTS, partition_of("me", 4)]
    lies = json.loads(record.value)
    assert {name: lies[name] for name in sent} == sent
    assert abs(lies["time"] - time.time() * 1000) < 60_000
    assert events.decode(record.value)
    raw = b'{ "event_id":"1","time":5,"type":"mood","user_id":"me","mood":"sad" }'
    posted(memory_api, raw)
    assert log.logs[EVENTS, partition_of("me", 4)][1].value == raw


def test_item_events_go_to_the_items_topic_keyed_by_the_item(memory_api: Api, log: MemoryPublisher) -> None:
    answer = posted(memory_api, {"type": "item", "item_id": "new", "title": "New"})
    assert answer.json()["tokens"] == {}
    assert [record.key for record in log.logs[ITEMS, partition_of("new", 4)]] == ["new"]


def test_kafka_away_is_503_with_retry_after_and_the_ids_to_send_again(memory_api: Api, log: MemoryPublisher) -> None:
    log.trouble = "no broker"
    answer = memory_api.http.post("/v1/events", json=[LIKE, {"type": "x"}])
    problem = is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    assert [one["status"] for one in problem["results"]] == ["unknown", "refused"]
    assert problem["results"][0]["event_id"]
    is_problem(memory_api.http.delete("/v1/users/me"), 503)


def test_events_without_an_acknowledgement_are_named(memory_api: Api, log: MemoryPublisher) -> None:
    log.unacknowledged = {1}
    problem = is_problem(memory_api.http.post("/v1/events", json=[LIKE, LIKE]), 503)
    assert [one["status"] for one in problem["results"]] == ["accepted", "unknown"]
