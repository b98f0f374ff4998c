"""`POST /v1/rank` over HTTP: a service's own items in order, and what a bad request is told."""

from typing import Any

import httpx
import msgspec
import pytest

from contracts.settings import Settings
from online.answer.answered import Ranking
from online.store.memory import MemoryStore
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.online.answer.world import AwayStore
from tests.serving.api import Api, served
from tests.serving.conftest import BUNDLE
from tests.serving.test_answers import recommended
from tests.serving.test_events import LIKE, is_problem, posted
from tests.serving.test_house import TOKEN
from tests.serving.test_shedding import SlowStore, statuses

ITEMS = [f"i{number}" for number in range(40)]
ASK: dict[str, Any] = {"user_id": "me", "items": ITEMS}


def ranked(answer: httpx.Response) -> Ranking:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Ranking)


def order(answer: httpx.Response) -> list[str]:
    return [item.item_id for item in ranked(answer).items]


def test_items_come_back_in_the_order_and_with_the_scores_of_recommendations(memory_api: Api) -> None:
    shown = recommended(memory_api.http.get("/v1/recommendations?user_id=me&diversity=0"))
    given = {"user_id": "me", "items": [item.item_id for item in reversed(shown.items)]}
    same = ranked(memory_api.http.post("/v1/rank", json=given))
    assert [(item.item_id, item.score) for item in same.items] == [(item.item_id, item.score) for item in shown.items]
    assert (same.bundle, same.watermark, same.degraded) == (shown.bundle, shown.watermark, shown.degraded)
    assert same.request_id != shown.request_id


def test_a_mood_and_the_token_of_a_post_change_the_order(api: Api) -> None:
    plain = api.http.post("/v1/rank", json=ASK)
    sad = api.http.post("/v1/rank", json={**ASK, "mood": "😢"})
    token = posted(api, [LIKE]).json()["tokens"]["me"]
    after = api.http.post("/v1/rank", json={**ASK, "token": token, "explain": True})
    assert ranked(sad).mood == "sad"
    assert ranked(after).folded == 1
    assert {item.item_id for item in ranked(after).items if item.seen} == {LIKE["item_id"]}
    assert ranked(after).items[0].parts
    assert len({tuple(order(answer)) for answer in (plain, sad, after)}) == 3


def test_a_thousand_items_with_odd_ids_and_some_given_twice_are_all_told_of(memory_api: Api) -> None:
    odd = ["a/b", "ü?&=%00", "😀", " ", '"', "i1 ", "x" * 128]
    items = [*ITEMS, *odd, *ITEMS, *(f"made up {number}" for number in range(1000 - 2 * len(ITEMS) - len(odd)))]
    answer = ranked(memory_api.http.post("/v1/rank", json={"user_id": "me", "items": items}))
    assert {item.item_id for item in answer.items} == set(ITEMS)
    assert len(answer.items) + len(answer.left_out) == len(items) == 1000
    assert all(items[one.index] == one.item_id for one in answer.left_out)
    assert sum(one.reason.startswith("given already") for one in answer.left_out) == len(ITEMS)


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"items": []}, "length >= 1 - at `$.items`"),
        ({"items": [str(number) for number in range(1001)]}, "length <= 1000 - at `$.items`"),
        ({"items": "i1"}, "$.items"),
        ({"items": None}, "$.items"),
        ({"items": {"i1": 1}}, "$.items"),
        ({"items": ["i1", 2]}, "$.items[1]"),
        ({"items": ["i1", ""]}, "$.items[1]"),
        ({"items": ["a\x00b"]}, "$.items[0]"),
        ({"items": ["x" * 129]}, "$.items[0]"),
        ({"user_id": ""}, "$.user_id"),
        ({"n": 5}, "n"),
        ({"rules": {"pin": ["i1"]}}, "rules"),
        ({"mood": 7}, "$.mood"),
        ({"explain": "yes"}, "$.explain"),
        ({"token": "x" * 70_000}, "$.token"),
    ],
)
def test_a_bad_body_is_refused_by_name(memory_api: Api, spoiled: dict[str, Any], said: str) -> None:
    assert said in is_problem(memory_api.http.post("/v1/rank", json={**ASK, **spoiled}), 422)["detail"]


def test_what_is_missing_or_no_json_is_refused(memory_api: Api) -> None:
    assert "items" in is_problem(memory_api.http.post("/v1/rank", json={"user_id": "me"}), 422)["detail"]
    for body in (b"", b'{"user_id":"me","items":["\xff"]}', b'{"user_id":"me",'):
        is_problem(memory_api.http.post("/v1/rank", content=body), 400)
    is_problem(memory_api.http.post("/v1/rank", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), 415)
    is_problem(memory_api.http.get("/v1/rank?user_id=me"), 405)


def test_it_is_counted_and_leaves_no_impression(memory_api: Api, log: MemoryPublisher) -> None:
    answer = ranked(memory_api.http.post("/v1/rank", json=ASK))
    assert log.offered == []
    shown = [[item.item_id, place, item.score, 1] for place, item in enumerate(answer.items[:5])]
    told = {"type": "impression", "user_id": "me", "request_id": answer.request_id, "bundle": answer.bundle}
    assert posted(memory_api, [{**told, "shown": shown}]).status_code == 202  # who showed it says so
    text = memory_api.http.get("/metrics").text
    assert 'moodstream_requests_total{method="POST",route="/v1/rank",status="200"} 1.0' in text
    assert 'moodstream_degraded_total{part="stream"} 1.0' in text


def test_without_a_store_it_ranks_by_the_bundle_and_says_so() -> None:
    away: Any = AwayStore()
    away.close = MemoryStore().close
    with served(Settings(), away, MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        answer = ranked(http.post("/v1/rank", json=ASK))
        assert len(answer.items) == len(ITEMS)
        assert "store: Redis does not answer" in answer.degraded
        assert answer.watermark is None


def test_it_demands_the_token_and_is_turned_away_with_other_answers() -> None:
    settings = Settings(api_token=TOKEN)
    with served(settings, MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        is_problem(http.post("/v1/rank", json=ASK), 401)
        ranked(http.post("/v1/rank", json=ASK, headers={"Authorization": f"Bearer {TOKEN}"}))
    settings = Settings(answers_at_once=2, store_timeout_s=5.0)
    with served(settings, SlowStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        answers = statuses(http, 8, "POST", "/v1/rank", ASK)
        shed = [answer for answer in answers if answer.status_code != 200]
        assert 0 < len(shed) < 8
        for answer in shed:
            is_problem(answer, 429)
        assert f'moodstream_shed_total{{kind="answers"}} {float(len(shed))}' in http.get("/metrics").text
