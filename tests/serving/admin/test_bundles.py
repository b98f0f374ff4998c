"""Bundles are listed, promoted, shown to a few and rolled back as on the command line, by whoever saw what serves."""

import time
from typing import Any

import httpx
import msgspec
from kafka import KafkaConsumer, TopicPartition

from contracts.events import BundleChange, decode
from contracts.rollout import Rollout
from contracts.topics import EVENTS
from model.bundle import ITEMS
from tests.serving.admin.conftest import Ran
from tests.serving.admin.site import AUTHORIZED, Site
from tests.serving.test_events import is_problem


def listed(http: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/v1/admin/bundles", headers=AUTHORIZED).json()
    return found


def publish(http: httpx.Client, **body: Any) -> httpx.Response:
    return http.post("/v1/admin/bundles/publish", json=body, headers=AUTHORIZED)


def roll_back(http: httpx.Client, **body: Any) -> httpx.Response:
    return http.post("/v1/admin/bundles/rollback", json=body, headers=AUTHORIZED)


def control_records(site: Site) -> list[Rollout]:
    """Of the first partition."""
    consumer = KafkaConsumer(bootstrap_servers=site.settings.kafka, auto_offset_reset="earliest")
    part = TopicPartition(EVENTS.full_name(site.settings.namespace), 0)
    consumer.assign([part])
    end, found = consumer.end_offsets([part])[part], list[Rollout]()
    while consumer.position(part) < end:
        for row in consumer.poll(timeout_ms=500).get(part, []):
            change = decode(row.value)
            assert isinstance(change, BundleChange)
            found.append(change.rollout)
    consumer.close()
    return found


def test_each_is_listed_with_what_it_is_and_what_it_measured(looked_at: Ran) -> None:
    site, http = looked_at
    found = listed(http)
    first, second, third = site.versions
    assert (found["current"], found["back"], found["canary"], found["answers_from"]) == (second, first, "", second)
    assert [(one["version"], one["standing"]) for one in found["bundles"]] == [
        (third, ""),
        (second, "current"),
        (first, "before"),
    ]
    assert found["bundles"][0]["measured"] == {"ndcg@10": 0.13, "hr@10": 0.22}
    assert found["bundles"][0]["size"] > 100_000


def test_one_is_promoted_shown_to_a_few_and_rolled_back_and_who_did_it_is_recorded(ran: Ran) -> None:
    site, http = ran
    first, second, third = site.versions
    said = publish(http, version=third, seen=second)
    assert said.status_code == 200, said.text
    assert third in said.json()["said"]
    assert site.shelf.current() == third
    until = time.monotonic() + 10
    while listed(http)["answers_from"] != third:
        assert time.monotonic() < until
    assert publish(http, version=first, share=0.25, seen=third).status_code == 200
    found = listed(http)
    assert (found["current"], found["canary"], found["share"], found["back"]) == (third, first, 0.25, third)
    is_problem(roll_back(http, seen=third, back=second), 409)  # they thought that there was no canary
    assert roll_back(http, seen=third, back=third).status_code == 200
    assert roll_back(http, seen=third, back=second).status_code == 200
    assert site.shelf.current() == second
    rollouts = [Rollout(third), Rollout(third, canary=first, share=0.25), Rollout(third), Rollout(second)]
    assert control_records(site) == rollouts
    deeds = listed(http)["deeds"]
    assert [deed["said"] for deed in deeds] == [
        f"all users are on {second}",
        f"all users are on {third}",
        f"25.0% of users are on {first}, the others on {third}",
        f"all users are on {third}",
    ]
    assert {deed["who"] for deed in deeds} == {"a program at 127.0.0.1"}


def test_what_was_decided_on_something_else_is_not_done(ran: Ran) -> None:
    site, http = ran
    first, second, third = site.versions
    for answer in (publish(http, version=third, seen=first), roll_back(http, seen=first, back=third)):
        is_problem(answer, 409)
        assert second in answer.json()["detail"]
    is_problem(publish(http, version="nowhere", seen=second), 422)
    is_problem(publish(http, version="../../etc/passwd", seen=second), 422)
    is_problem(publish(http, version=second, share=0.5, seen=second), 422)
    for share in (0, -1, 2, "half"):
        is_problem(publish(http, version=third, share=share, seen=second), 422)
    assert not control_records(site)


def test_a_damaged_one_is_told_and_not_published(ran: Ran) -> None:
    site, http = ran
    second, third = site.versions[1:]
    folder = site.settings.home / "bundles" / third
    (folder / ITEMS).write_bytes(b"damaged")
    is_problem(publish(http, version=third, seen=second), 422)
    (folder / "manifest.json").write_bytes(b"{}")
    assert "damaged" in listed(http)["bundles"][0]["damaged"]
    assert site.shelf.current() == second


def test_without_kafka_nothing_is_published_and_the_way_out_is_said(ran: Ran) -> None:
    site, http = ran
    site.stop()
    site.settings = msgspec.structs.replace(site.settings, kafka="127.0.0.1:1", kafka_timeout_s=0.5)
    http = site.start()
    answer = publish(http, version=site.versions[2], seen=site.versions[1])
    is_problem(answer, 503)
    assert "moodstream doctor" in answer.json()["detail"]
    is_problem(http.get("/v1/admin/dead-letters", headers=AUTHORIZED), 503)
    assert site.shelf.current() == site.versions[1]
