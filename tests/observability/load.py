"""A load that has something of everything: every kind of event, good and bad, answers, and what followed them."""

import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
from kafka import KafkaProducer

from contracts.kinds import ORDER
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.local.running import heartbeats
from tests.end_to_end.conftest import Loop

USERS: Final = 20
PAGES: Final = 40
_AN_HOUR_MS: Final = 3_600_000
REQUEST: Final = "the-load.1"
"""The id of the requests that post what is refused by the stream."""
PERSONAL: Final = ("eve@example.com", "192.0.2.77", "Jane Roe", "Rosebud-47", "<script>", "O'Hara")
"""Of a user's id, address, agent, words; none of them may be in a log."""


def drive(loop: Loop) -> None:
    """Send it all, and ask for answers between; returns when it's learned."""
    with httpx.Client(base_url=loop.client.address, timeout=15, trust_env=False) as http:
        post(http, list(events()))
        wait_until_learned(loop.settings)
        for number in range(USERS):
            user = f"u{number}"
            answer = http.get("/v1/recommendations", params={"user_id": user, "n": 10}).json()
            taken = {"item_id": answer["items"][0]["item_id"], "context": {"request_id": answer["request_id"]}}
            post(http, [{"type": "interaction", "user_id": user, "kind": "click", **taken}])
        hostile(http)
        http.get("/v1/users/u1")
        http.get("/v1/items/i1/similar")
        http.post("/v1/rank", json={"user_id": "u1", "items": ["i1", "i2"]})
        http.get("/nothing/here")
        _into_kafka(loop.settings)
        wait_until_learned(loop.settings)


def wait_until_learned(settings: Settings) -> None:
    """Until the workers have said so."""
    deadline = time.monotonic() + 120
    since = time.time() * 1000
    while not all(beat.position == beat.end and beat.time > since + 1000 for beat in heartbeats(settings)):
        said = (settings.home / "stream.log").read_text()[-4000:]
        assert time.monotonic() < deadline, f"{heartbeats(settings)}\n{said}"
        time.sleep(0.1)


def post(http: httpx.Client, many: list[dict[str, Any]], **headers: str) -> httpx.Response:
    """At most a hundred a request, since a user's may be no more; returns the last answer."""
    answer = httpx.Response(500)
    for start in range(0, len(many), 100):
        answer = http.post("/v1/events", json=many[start : start + 100], headers=headers)
    return answer


def events() -> Iterator[dict[str, Any]]:
    """Interactions of every kind, moods, items, an alias, an erasure, and pages of an hour ago with what followed."""
    now = int(time.time() * 1000)
    yield {"type": "item", "item_id": "new", "title": "A new one"}
    for number in range(300):
        kind, user = ORDER[number % len(ORDER)], f"u{number % USERS}"
        yield {"type": "interaction", "user_id": user, "item_id": f"i{number % 90}", "kind": kind}
    for number in range(PAGES):
        user, then = f"u{number % USERS}", now - _AN_HOUR_MS + number
        shown = [[f"i{(number + place) % 90}", place, 1.0 - 0.1 * place, 1.0] for place in range(10)]
        page = {"request_id": f"page-{number}", "bundle": "b", "shown": shown, "time": then}
        yield {"type": "impression", "user_id": user, **page}
        yield {"type": "interaction", "user_id": user, "item_id": shown[number % 3][0], "time": then + 1000}
    for number in range(USERS):
        yield {"type": "mood", "user_id": f"u{number}", "mood": "happy"}
    yield {"type": "alias", "user_id": "u1", "known_as": "known"}
    yield {"type": "erase", "user_id": "u2"}


def hostile(http: httpx.Client) -> None:
    """Personal things and hostile ones, in every place that has one: taken, refused here, refused by the stream."""
    mail, address, name, word, script, quoted = PERSONAL
    about = {"ip": address, "user_agent": f"{name} {script}", "session": quoted, "extra": {"note": word}}
    good = {"type": "interaction", "user_id": mail, "item_id": word, "kind": "like", "context": about}
    post(http, [good, {**good, "kind": name}, {"type": mail}, {**good, "user_id": ""}])
    post(http, [{"type": "mood", "user_id": mail, "mood": word, "context": about}], **{"X-Request-ID": REQUEST})
    post(http, [good], **{"X-Request-ID": f"{mail} {script}"})
    http.post("/v1/events", content=f'{{"type": "{word}" {mail}'.encode())
    for path in (
        f"/v1/users/{mail}",
        f"/{word}/{mail}",
        f"/v1/recommendations?user_id={mail}&mood={word}&place={name}",
    ):
        http.get(path, headers={"User-Agent": name, "X-Forwarded-For": address})
    http.get(f"/v1/recommendations?user_id={mail}&nothing={word}")
    http.delete(f"/v1/users/{mail}")


def _into_kafka(settings: Settings) -> None:
    """What never came by the API: no event at all, and one in the wrong topic."""
    producer = KafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    mail, *_ = PERSONAL
    misplaced = b'{"type":"item","event_id":"misplaced","time":1,"item_id":"i3"}'
    for value in (f"no event of {mail}".encode(), misplaced):
        headers = [("request-id", b"straight-into-kafka")]
        producer.send(EVENTS.full_name(settings.namespace), value, b"k", headers=headers).get(10)
    producer.close()
