"""What is only looked at: drift, health, and what an answer is made of; and the page's own files and document."""

import html.parser
import re
from typing import Any

import msgspec
import pytest

from contracts.settings import Settings
from online.answer.made_of import MadeOf
from online.learn.drift.signals import ALL
from serving.admin import examples, paths
from serving.admin.bundles import Bundles, Done, Publish, RollBack
from serving.admin.door import LoggedIn, Login
from serving.admin.drift import Course, Signals
from serving.admin.health import Health
from serving.admin.letters import Again, Listed, Outcome, Whole
from serving.assets import ADMIN, assets
from serving.openapi import document
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.online.answer.world import AwayStore
from tests.serving.admin.conftest import Ran
from tests.serving.admin.site import AUTHORIZED, TOKEN
from tests.serving.api import served
from tests.serving.test_events import is_problem

MAX_BYTES = 64 * 1024


def test_signals_are_told_and_one_is_drawn_with_its_alarms(looked_at: Ran) -> None:
    _, http = looked_at
    found = http.get("/v1/admin/drift", headers=AUTHORIZED).json()
    assert len(found["signals"]) == len(ALL)
    states = {one["about"]: one["state"] for one in found["signals"]}
    assert (states["unknown-items"], states["gap"]) == ("moved", "steady")
    course = http.get("/v1/admin/drift/unknown-items", headers=AUTHORIZED).json()
    assert set(course["lines"]) == {"0", "1"}
    assert all(len(point) == 2 for line in course["lines"].values() for point in line)
    assert {mark["kind"] for mark in course["marks"]} == {"alarm", "bundle"}
    assert course["alarms"][0]["signal"] == "unknown-items"
    assert "moodstream nightly" in course["todo"]
    part = http.get("/v1/admin/drift/error%2Fnew", headers=AUTHORIZED).json()
    assert part["about"] == "error/new"
    for name in ("nothing", "error/nobody", "<script>"):
        is_problem(http.get(f"/v1/admin/drift/{name}", headers=AUTHORIZED), 404)


def test_health_tells_each_part_and_the_way_out_of_one_that_is_away() -> None:
    away: Any = AwayStore()

    async def close() -> None:
        return

    away.close = close
    publisher = MemoryPublisher()
    publisher.trouble = "no broker"
    with served(Settings(admin_token=TOKEN), away, MemoryShelf(), publisher) as http:
        found = http.get("/v1/admin/health", headers=AUTHORIZED).json()
        parts = {part["name"]: part for part in found["parts"]}
        assert {name: part["state"] for name, part in parts.items()} == {
            "kafka": "away",
            "redis": "away",
            "stream": "poor",
            "bundle": "away",
            "items": "poor",
            "answers": "well",
            "posts": "well",
        }
        assert all(part["todo"] for part in parts.values() if part["state"] != "well")
        assert {reason.partition(":")[0] for reason in found["degraded"]} == {"items", "bundle", "store"}
        is_problem(http.get("/v1/admin/drift", headers=AUTHORIZED), 503)


def test_health_tells_how_far_behind_each_partition_is(looked_at: Ran) -> None:
    found = looked_at[1].get("/v1/admin/health", headers=AUTHORIZED).json()
    assert [(one["partition"], one["lag"]) for one in found["partitions"]] == [(0, 0), (1, 3)]
    assert {part["state"] for part in found["parts"]} == {"well"}


def test_operators_are_answered_when_nobody_else_is(looked_at: Ran) -> None:
    site, _ = looked_at
    with served(
        msgspec.structs.replace(site.settings, answers_at_once=1), site.store, site.shelf, MemoryPublisher()
    ) as http:
        for _ in range(20):
            assert http.get("/v1/admin/health", headers=AUTHORIZED).status_code == 200
        assert 'moodstream_under_way{kind="answers"} 0.0' in http.get("/metrics").text


def test_an_answer_is_taken_apart_and_nobody_was_shown_it(looked_at: Ran) -> None:
    site, _ = looked_at
    log = MemoryPublisher()
    with served(site.settings, site.store, site.shelf, log) as http:
        answer = http.post("/v1/admin/answers", json={"user_id": "me", "n": 7}, headers=AUTHORIZED)
        made = msgspec.json.decode(answer.content, type=MadeOf)
        assert not log.offered
        shown = http.get("/v1/recommendations?user_id=me&n=7").json()
        assert len(log.offered) == 1
    assert [item.item_id for item in made.items] == [item["item_id"] for item in shown["items"]]
    assert made.watermark is not None
    assert made.events == 13
    assert any(source.source == "embedding" and source.shown for source in made.sources)


@pytest.mark.parametrize("user", ["nobody", "<b>", "é" * 100, "../.."])
def test_whoever_is_asked_for_gets_an_answer_or_a_reason(looked_at: Ran, user: str) -> None:
    _, http = looked_at
    made = http.post("/v1/admin/answers", json={"user_id": user}, headers=AUTHORIZED)
    assert made.status_code == 200, made.text
    assert (made.json()["user_id"], made.json()["events"]) == (user, 0)
    is_problem(http.post("/v1/admin/answers", json={"user_id": user, "unknown": 1}, headers=AUTHORIZED), 422)


# The page and the document


def test_the_page_is_small_whole_and_needs_nothing_from_elsewhere(looked_at: Ran) -> None:
    http, files = looked_at[1], assets(ADMIN)
    assert sum(len(one.body) for one in files.values()) < MAX_BYTES
    for name, one in files.items():
        text = one.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|innerHTML|insertAdjacentHTML|document\.write|\beval\(", text), name
    page = http.get("/admin")
    html.parser.HTMLParser().feed(page.text)
    named = set(re.findall(r'(?:href|src)="((?:admin|live)/[^"]+)"', page.text))
    assert {name for name in named if name.startswith("admin/")} == {f"admin/{name}" for name in files} - {
        "admin/index.html"
    }
    for one in files.values():
        named |= {f"admin/{name}" for name in re.findall(r'from "\./([^"]+)"', one.body.decode())}
        named |= {f"live/{name}" for name in re.findall(r'from "\.\./live/([^"]+)"', one.body.decode())}
    for name in named:
        assert http.get(f"/{name}").status_code == 200, name


def test_nothing_foreign_may_run_on_it_and_nobody_frames_it(looked_at: Ran) -> None:
    for path in ("/admin", "/admin/app.js"):
        headers = looked_at[1].get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
        assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"


def test_every_operation_is_documented_where_they_are_on_and_the_examples_are_true(looked_at: Ran) -> None:
    served_document = looked_at[1].get("/openapi.json").json()
    assert served_document == msgspec.json.decode(msgspec.json.encode(document(admin=True)))
    described_there = {path for path in served_document["paths"] if path.startswith("/v1/admin/")}
    assert len(described_there) == 11
    text = msgspec.json.encode(served_document).decode()
    for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert reference in served_document["components"]["schemas"]
    for example, kind in TRUE:
        assert msgspec.convert(example, kind, strict=False)
    assert {kind for _, kind in TRUE} <= {*paths.TYPES}


TRUE = [
    (examples.LOGIN, Login),
    (examples.LOGGED_IN, LoggedIn),
    (examples.BUNDLES, Bundles),
    (examples.PUBLISH, Publish),
    (examples.ROLL_BACK, RollBack),
    (examples.DONE, Done),
    (examples.LETTERS, Listed),
    (examples.WHOLE, Whole),
    (examples.AGAIN, Again),
    (examples.OUTCOME, Outcome),
    (examples.DRIFT, Signals),
    (examples.COURSE, Course),
    (examples.HEALTH, Health),
    (examples.MADE_OF, MadeOf),
]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_none(looked_at: Ran, method: str) -> None:
    is_problem(looked_at[1].request(method, "/v1/admin/bundles/publish", headers=AUTHORIZED), 405)
