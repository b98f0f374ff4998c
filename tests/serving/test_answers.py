"""Asking: the answers over HTTP, and what a bad request is told."""

import time
from typing import Any

import httpx
import msgspec
import pytest

from contracts.events import Impression
from online.answer.answered import Profile, Recommendations, SimilarItems
from tests.fakes.bundle import random_bundle
from tests.fakes.publisher import MemoryPublisher
from tests.serving.api import Api
from tests.serving.conftest import BUNDLE
from tests.serving.test_events import LIKE, is_problem, posted


def recommended(answer: httpx.Response) -> Recommendations:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Recommendations)


def test_get_and_post_give_the_same_answer(memory_api: Api) -> None:
    ask: dict[str, Any] = {"user_id": "me", "n": 7, "mood": "😊", "categories": ["comedy", "drama"], "exclude": ["i1"]}
    by_query = recommended(memory_api.http.get("/v1/recommendations", params=ask))
    by_body = recommended(memory_api.http.post("/v1/recommendations", json=ask))
    assert [item.item_id for item in by_query.items] == [item.item_id for item in by_body.items]
    assert len(by_query.items) == 7
    assert by_query.mood == "happy"


def test_the_token_of_a_post_changes_the_next_answer(api: Api) -> None:
    before = recommended(api.http.get("/v1/recommendations", params={"user_id": "me"}))
    token = posted(api, [LIKE, {"type": "mood", "user_id": "me", "mood": "😢"}]).json()["tokens"]["me"]
    after = recommended(api.http.get("/v1/recommendations", params={"user_id": "me", "token": token}))
    assert after.folded == 2
    assert after.mood == "sad"
    assert [item.item_id for item in after.items] != [item.item_id for item in before.items]


def test_context_and_explain_by_query(memory_api: Api) -> None:
    asked = {"user_id": "me", "place": "Oslo", "device": "tv", "explain": "true"}
    assert recommended(memory_api.http.get("/v1/recommendations", params=asked)).items[0].parts


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "user_id"),
        ("user_id=", "user_id"),
        ("user_id=me&n=0", "n"),
        ("user_id=me&n=101", "n"),
        ("user_id=me&n=ten", "n"),
        ("user_id=me&n=1&n=2", "n is given 2 times"),
        ("user_id=me&page=0", "page"),
        ("user_id=me&nn=5", "nn"),
        ("user_id=me&explain=perhaps", "explain"),
        ("user_id=me&diversity=nan", "diversity"),
        ("user_id=me&diversity=-1", "diversity"),
        ("user_id=me&rules=x", "rules"),
        ("user_id=a%00b", "user_id"),
        (f"user_id={'x' * 200}", "user_id"),
        (f"user_id=me&mood={'x' * 100}", "mood"),
    ],
)
def test_a_bad_query_is_refused_by_name(memory_api: Api, query: str, said: str) -> None:
    assert said in is_problem(memory_api.http.get(f"/v1/recommendations?{query}"), 422)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"null",
        b"[]",
        b'{"user_id":"me","n":1e400}',
        b'{"user_id":"me","rules":{"boost":{"a":NaN}}}',
        b'{"user_id":"me","rules":{"boost":{"a":1e9}}}',
        b'{"user_id":"\xff"}',
        b'{"user_id":"me","unknown":1}',
        b'{"user_id":"me","exclude":' + b"[" * 50_000,
        msgspec.json.encode({"user_id": "me", "exclude": [str(n) for n in range(1001)]}),
        b'{"user_id":"me","context":{"ip":7}}',
    ],
)
def test_a_bad_body_is_refused(memory_api: Api, body: bytes) -> None:
    answer = memory_api.http.post("/v1/recommendations", content=body)
    assert answer.status_code in (400, 422), answer.text
    is_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    "query", ["user_id=%ff%fe", "user_id=me&mood=%F0%9F", "user_id=me&token=%ff", "user_id=😀&n=1"]
)
def test_odd_text_in_a_query_is_answered(memory_api: Api, query: str) -> None:
    assert memory_api.http.get(f"/v1/recommendations?{query}").status_code in (200, 422)


def test_similar_items_and_users_with_slashes_in_their_ids(memory_api: Api) -> None:
    answer = memory_api.http.get("/v1/items/i3/similar", params={"n": 4})
    assert len(msgspec.json.decode(answer.content, type=SimilarItems).items) == 4
    odd = memory_api.http.get("/v1/items/a%2Fb/c%3F/similar")
    assert msgspec.json.decode(odd.content, type=SimilarItems).item_id == "a/b/c?"
    user = memory_api.http.get("/v1/users/a%2Fb")
    assert msgspec.json.decode(user.content, type=Profile).user_id == "a/b"
    is_problem(memory_api.http.get("/v1/items/i3/similar?n=0"), 422)
    is_problem(memory_api.http.get(f"/v1/users/{'x' * 200}"), 422)
    is_problem(memory_api.http.get("/v1/users/a%00b"), 422)


def test_impressions_go_to_kafka_and_a_kafka_that_is_away_costs_no_answer(
    memory_api: Api, log: MemoryPublisher
) -> None:
    first = recommended(memory_api.http.get("/v1/recommendations?user_id=me&n=2"))
    (record,) = log.offered
    shown = msgspec.json.decode(record.value, type=Impression)
    assert (record.key, shown.request_id) == ("me", first.request_id)
    assert [one.item_id for one in shown.shown] == [item.item_id for item in first.items]
    log.trouble = "no broker"
    assert recommended(memory_api.http.get("/v1/recommendations?user_id=me&n=2")).items
    assert 'moodstream_impressions_total{outcome="dropped"} 1.0' in memory_api.http.get("/metrics").text


def test_a_new_bundle_is_picked_up_while_answers_go_on(memory_api: Api) -> None:
    newer = random_bundle(100, 2)
    versions = {recommended(memory_api.http.get("/v1/recommendations?user_id=me")).bundle}
    memory_api.shelf.add(newer)
    until = time.monotonic() + 10
    while time.monotonic() < until and newer.version not in versions:
        answer = recommended(memory_api.http.get("/v1/recommendations?user_id=me&n=5"))
        assert len(answer.items) == 5
        versions.add(answer.bundle)
    assert versions == {BUNDLE.version, newer.version}
