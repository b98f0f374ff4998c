"""What surrounds the operations: health, metrics, documents, problems, tokens."""

import asyncio
import html.parser
import socket
from contextlib import suppress
from typing import Any

import httpx
import msgspec
import pytest

from contracts.settings import Settings
from online.answer.answered import Profile, Ranking, Recommendations, SimilarItems, Untouched, Whereabouts
from online.store.memory import MemoryStore
from serving import examples
from serving.app import create_app
from serving.metrics import Metrics
from serving.openapi import document
from serving.problems import Problem
from serving.pulse import STREAM, Beat
from serving.routes.events import Posted
from serving.routes.live import World
from serving.routes.users import Erasing
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.online.answer.world import AwayStore
from tests.serving.api import Api, served
from tests.serving.conftest import BUNDLE
from tests.serving.test_events import LIKE, is_problem

TOKEN = "a token of the tests"  # noqa: S105 - no secret


def test_health_tells_alive_and_ready(memory_api: Api) -> None:
    assert memory_api.http.get("/health/live").json() == {"live": True}
    ready = memory_api.http.get("/health/ready")
    assert ready.json() == {"ready": True, "bundle": BUNDLE.version, "degraded": []}


def test_with_a_bundle_it_is_ready_without_store_and_kafka_and_without_all_it_is_not() -> None:
    publisher = MemoryPublisher()
    publisher.trouble = "no broker"
    away: Any = AwayStore()
    away.close = MemoryStore().close
    with served(Settings(), away, MemoryShelf(BUNDLE), publisher) as http:
        ready = http.get("/health/ready")
        assert ready.status_code == 200
        assert {reason.partition(":")[0] for reason in ready.json()["degraded"]} == {"items", "store", "kafka"}
        assert http.get("/v1/recommendations?user_id=me").json()["items"]
    with served(Settings(), away, MemoryShelf(), publisher) as http:
        assert http.get("/health/ready").status_code == 503
        assert http.get("/v1/recommendations?user_id=me").status_code == 200


def test_metrics_count_routes_outcomes_and_what_is_degraded(memory_api: Api) -> None:
    memory_api.http.get("/v1/recommendations?user_id=me")
    memory_api.http.get("/v1/users/me")
    memory_api.http.get("/nope")
    memory_api.http.post("/v1/events", json=[LIKE, {}])
    text = memory_api.http.get("/metrics").text
    for line in (
        'moodstream_requests_total{method="GET",route="/v1/recommendations",status="200"} 1.0',
        'moodstream_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'moodstream_request_seconds_count{route="/v1/events"} 1.0',
        'moodstream_posted_events_total{outcome="accepted"} 1.0',
        'moodstream_posted_events_total{outcome="refused"} 1.0',
        'moodstream_degraded_total{part="stream"} 2.0',
        f'moodstream_bundle_info{{version="{BUNDLE.version}"}} 1.0',
        f'moodstream_answer_seconds_count{{bundle="{BUNDLE.version}"}} 1.0',
    ):
        assert line in text


def test_answers_are_told_apart_by_bundle_as_long_as_it_answers() -> None:
    metrics = Metrics()
    for version in ("a", "b", "a", "c", "a", "d"):
        metrics.made(version, 0.5)
    lines = metrics.text().decode().splitlines()
    counts = sorted(line for line in lines if line.startswith("moodstream_answer_seconds_count"))
    assert counts == [
        f'moodstream_answer_seconds_count{{bundle="{name}"}} {n}' for name, n in (("a", 3.0), ("c", 1.0), ("d", 1.0))
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", "/v1/items/i1", 404),
        ("GET", "/v1/users/", 422),
        ("GET", "/v1/events", 405),
        ("PUT", "/v1/recommendations", 405),
        ("PURGE", "/v1/events", 405),
        ("GET", "/%ff%fe", 404),
        ("GET", "/v1/../etc/passwd", 404),
    ],
)
def test_what_there_is_not_is_a_problem_document(memory_api: Api, method: str, path: str, status: int) -> None:
    answer = memory_api.http.request(method, path)
    is_problem(answer, status)
    assert (status == 405) == ("allow" in answer.headers)


def test_a_fault_of_ours_is_a_problem_document_without_its_trace(
    memory_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    async def faulty(_: object) -> None:
        raise ZeroDivisionError("a secret of the house")

    memory_api.publisher.publish = faulty  # type: ignore[assignment,method-assign]
    answer = memory_api.http.post("/v1/events", json=LIKE)
    is_problem(answer, 500)
    assert "secret of the house" not in answer.text
    assert "secret of the house" in caplog.text


def test_a_token_is_demanded_where_one_is_set_and_health_is_open_on_loopback() -> None:
    settings = Settings(api_token=TOKEN)
    with served(settings, MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer é"}):
            encoded = {name.encode(): value.encode() for name, value in headers.items()}
            answer = http.get("/v1/recommendations?user_id=me", headers=encoded)
            is_problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
        is_problem(http.post("/v1/events", json=LIKE), 401)
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert http.get("/v1/recommendations?user_id=me", headers=right).status_code == 200
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert http.get(path).status_code == 200


def test_from_elsewhere_health_is_open_without_its_reasons_and_metrics_are_not() -> None:
    publisher = MemoryPublisher()
    publisher.trouble = "no broker at 10.0.0.1"
    everywhere = Settings(api_token=TOKEN, api_host="0.0.0.0")  # noqa: S104
    app = create_app(everywhere, MemoryStore(), MemoryShelf(BUNDLE), publisher)

    async def asked(path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=("10.0.0.9", 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            return await http.get(path, headers=headers)

    assert asyncio.run(asked("/health/live")).json() == {"live": True}
    assert asyncio.run(asked("/health/ready")).json() == {"ready": True, "bundle": "", "degraded": []}
    told = asyncio.run(asked("/health/ready", Authorization=f"Bearer {TOKEN}")).json()
    assert told["degraded"] == ["kafka: no broker at 10.0.0.1"]
    is_problem(asyncio.run(asked("/metrics")), 401)


def test_pages_of_other_sites_may_neither_post_nor_ask(memory_api: Api) -> None:
    is_problem(memory_api.http.post("/v1/events", json=LIKE, headers={"Origin": "https://evil.example"}), 403)
    for path in ("/v1/recommendations?user_id=me", STREAM):  # an image or a script there names no origin
        is_problem(memory_api.http.get(path, headers={"Sec-Fetch-Site": "cross-site"}), 403)
    assert memory_api.http.get("/live", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    own = {"Origin": str(memory_api.http.base_url).rstrip("/")}
    assert memory_api.http.post("/v1/events", json=LIKE, headers=own).status_code == 202


def test_every_operation_is_documented_with_an_example_and_every_document_resolves(memory_api: Api) -> None:
    served_document = memory_api.http.get("/openapi.json").json()
    assert served_document == msgspec.json.decode(msgspec.json.encode(document()))
    schemas = served_document["components"]["schemas"]
    for operations in served_document["paths"].values():
        for operation in operations.values():
            for part in (*operation["responses"].values(), operation.get("requestBody", {"content": {}})):
                assert all("example" in content for content in part["content"].values())
    for reference in _references(served_document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    described = {(path, method.upper()) for path, one in served_document["paths"].items() for method in one}
    assert described == {
        ("/v1/events", "POST"),
        ("/v1/recommendations", "GET"),
        ("/v1/recommendations", "POST"),
        ("/v1/rank", "POST"),
        ("/v1/items/{item_id}/similar", "GET"),
        ("/v1/users/{user_id}", "GET"),
        ("/v1/users/{user_id}", "DELETE"),
        ("/v1/live/world", "GET"),
        ("/v1/live/places/{user_id}", "GET"),
        ("/v1/live/as-trained/{user_id}", "GET"),
        ("/v1/live/stream", "GET"),
        ("/health/live", "GET"),
        ("/health/ready", "GET"),
        ("/metrics", "GET"),
    }


def test_the_examples_are_true(memory_api: Api) -> None:
    for example, kind in (
        (examples.RECOMMENDED, Recommendations),
        (examples.RANKING, Ranking),
        (examples.SIMILAR, SimilarItems),
        (examples.PROFILE, Profile),
        (examples.POSTED, Posted),
        (examples.ERASING, Erasing),
        (examples.WORLD, World),
        (examples.WHEREABOUTS, Whereabouts),
        (examples.UNTOUCHED, Untouched),
        (examples.BEAT, Beat),
        (examples.PROBLEM, Problem),
    ):
        assert msgspec.convert(example, kind)
    posted = memory_api.http.post("/v1/events", json=examples.EVENTS)
    assert {one["status"] for one in posted.json()["results"]} == {"accepted"}
    assert memory_api.http.post("/v1/events", json=examples.EVENT).status_code == 202
    asked = memory_api.http.post("/v1/recommendations", json=examples.ASK)
    assert asked.status_code == 200
    ranked = memory_api.http.post("/v1/rank", json=examples.TO_RANK)
    assert ranked.status_code == 200


def test_the_page_of_the_api_needs_nothing_from_elsewhere(memory_api: Api) -> None:
    answer = memory_api.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    html.parser.HTMLParser().feed(answer.text)
    assert httpx.URL(memory_api.http.get("/").headers["location"]).path == "/docs"


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for value in node.values() for one in _references(value)]
    return [one for value in node for one in _references(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("head", [b"BREW / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"b" * 200_000])
def test_what_is_no_http_or_never_ends_is_refused_and_hung_up_on(memory_api: Api, head: bytes) -> None:
    where = memory_api.http.base_url
    gone = suppress(ConnectionResetError, BrokenPipeError)  # it hung up before it had read all
    with socket.create_connection((where.host, where.port or 0), timeout=15) as client, gone:
        client.sendall(head)
        assert b"".join(iter(lambda: client.recv(1000), b"")).startswith(b"HTTP/1.1 400 ")
