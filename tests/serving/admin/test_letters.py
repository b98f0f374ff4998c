"""Dead letters are listed, looked at and sent again as on the command line, each with one effect, and shown as text."""

from typing import Any

import httpx
import pytest
from kafka import KafkaConsumer, TopicPartition

from contracts.topics import EVENTS
from serving.admin import letters as desk
from tests.online.answer.world import PARTITIONS
from tests.serving.admin.conftest import Ran
from tests.serving.admin.site import AUTHORIZED, Site, good, letter
from tests.serving.browser import HOSTILE
from tests.serving.test_events import is_problem

HUG = b'{"type":"interaction","user_id":"ben","item_id":"i5","kind":"hug"}'
LETTERS = [
    letter(3, good("a"), "a bug of ours", "ZeroDivisionError"),
    letter(4, b"no event", f"not JSON: {HOSTILE}"),
    letter(5, HUG, "Invalid enum value 'hug' - at `$.kind`"),
    letter(6, good("b"), "a bug of ours", "ZeroDivisionError"),
    letter(7, b"\xff\x00" + b"x" * 200_000, "x" * 5000),
]


def listed(http: httpx.Client, **which: Any) -> dict[str, Any]:
    answer = http.get("/v1/admin/dead-letters", params=which, headers=AUTHORIZED)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [one["id"] for one in found["letters"]]


def retry(http: httpx.Client, **wanted: Any) -> httpx.Response:
    return http.post("/v1/admin/retries", json=wanted, headers=AUTHORIZED)


def sent(site: Site) -> list[bytes]:
    """What came to lie in `events`."""
    consumer = KafkaConsumer(bootstrap_servers=site.settings.kafka, auto_offset_reset="earliest")
    name = EVENTS.full_name(site.settings.namespace)
    parts = [TopicPartition(name, number) for number in range(PARTITIONS)]
    consumer.assign(parts)
    ends, found = consumer.end_offsets(parts), list[bytes]()
    while any(consumer.position(part) < ends[part] for part in parts):
        found += [row.value for rows in consumer.poll(timeout_ms=500).values() for row in rows]
    consumer.close()
    return found


def test_they_are_listed_by_pages_and_filters_looked_at_and_sent_again_once(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, http = ran
    assert listed(http) == {"total": 0, "errors": {}, "letters": [], "older": False, "complete": True}
    site.set_aside([*LETTERS, LETTERS[0]])
    found = listed(http, n=2)
    assert (found["total"], found["older"], found["errors"]) == (5, True, {"InvalidEvent": 3, "ZeroDivisionError": 2})
    assert names(found) == ["events/0/7", "events/0/6"]
    assert names(listed(http, n=2, after="events/0/6")) == ["events/0/5", "events/0/4"]
    assert names(listed(http, n=2, after="events/0/4")) == ["events/0/3"]
    assert names(listed(http, error="ZeroDivisionError")) == ["events/0/6", "events/0/3"]
    assert names(listed(http, reason="HUG")) == ["events/0/5"]
    assert max(len(one["reason"]) for one in found["letters"]) <= 500

    whole = http.get("/v1/admin/dead-letters/events%2F0%2F5", headers=AUTHORIZED).json()
    assert '"kind": "hug"' in whole["text"]
    assert "hug" in whole["invalid"]
    hostile = http.get("/v1/admin/dead-letters/events/0/4", headers=AUTHORIZED)
    assert HOSTILE in hostile.json()["letter"]["reason"]
    assert hostile.headers["content-type"] == "application/json"
    binary = http.get("/v1/admin/dead-letters/events/0/7", headers=AUTHORIZED).json()
    assert binary["text"].startswith("\\xff\x00xxx")
    assert len(binary["text"]) < 70_000
    is_problem(http.get("/v1/admin/dead-letters/events/0/99", headers=AUTHORIZED), 404)

    tried = retry(http, which={}, dry_run=True).json()
    assert tried["counts"] == {"good": 2, "invalid": 3}
    assert not sent(site)
    assert retry(http, ids=["events/0/3"]).json()["counts"] == {"sent": 1}
    assert retry(http, which={"error": "ZeroDivisionError"}).json()["counts"] == {"already sent": 1, "sent": 1}
    assert retry(http, ids=["events/0/3"]).json()["counts"] == {"already sent": 1}
    assert sorted(sent(site)) == [good("a"), good("b")]
    assert names(listed(http, retried=True)) == ["events/0/6", "events/0/3"]
    looked = http.get("/v1/admin/dead-letters/events/0/3", headers=AUTHORIZED).json()
    assert [one["event_id"] for one in looked["sent"]] == ["a"]
    deeds = http.get("/v1/admin/bundles", headers=AUTHORIZED).json()["deeds"]
    assert [deed["what"] for deed in deeds] == ["retry", "retry"]
    assert "events/0/6" in deeds[0]["said"]

    monkeypatch.setattr(desk, "LOOKED_AT", 2)  # a flood: the newest only, and that is said
    found = listed(http)
    assert not found["complete"]
    assert found["total"] < 5


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"ids": ["events/0/3"], "which": {}},
        {"ids": "events/0/3"},
        {"ids": ["x" * 400]},
        {"ids": ["a"] * 501},
        {"which": {"n": 1}},
        {"which": {"error": "<b>" * 200}},
    ],
)
def test_what_does_not_say_which_letters_is_refused(looked_at: Ran, wanted: dict[str, Any]) -> None:
    is_problem(retry(looked_at[1], **wanted), 422)


def test_a_letter_that_there_is_not_is_not_sent(looked_at: Ran) -> None:
    is_problem(retry(looked_at[1], ids=["events/0/99"]), 404)
    is_problem(looked_at[1].get("/v1/admin/dead-letters", params={"n": 0}, headers=AUTHORIZED), 422)
    is_problem(looked_at[1].get("/v1/admin/dead-letters/" + "x" * 301, headers=AUTHORIZED), 422)
