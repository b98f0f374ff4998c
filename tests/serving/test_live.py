"""The live page's files, what it asks for, and the stream's pulse: bounded, ended cleanly, and about nobody."""

import asyncio
import gzip
import html.parser
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from contracts.errors import KafkaUnavailable
from contracts.events import Impression, Interaction, MoodEvent, Record, Shown
from contracts.settings import Settings
from model.index import ItemIndex
from online.answer.catalogue import catalogue
from online.store.memory import MemoryStore
from online.store.protocol import Heartbeat
from serving import heard, pulse
from serving.assets import assets
from serving.heard import Heard
from serving.pulse import Beat, Pulse, Rate
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.serving.api import Api, served
from tests.serving.conftest import BUNDLE, PATIENT
from tests.serving.test_events import LIKE, is_problem
from tests.serving.test_house import TOKEN

MAX_BYTES = 64 * 1024
"""All files of the page together, as they are; packed they are less than half."""


class MemoryTail:
    """Implements `serving.heard.Tail`."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.reads = 0
        self.away = False

    async def read(self, places: Mapping[int, int], since: Mapping[int, int]) -> list[Record]:
        self.reads += 1
        if self.away:
            raise KafkaUnavailable("no broker")
        return self.records

    async def close(self) -> None:
        return


class Current:
    """As much of a library as a pulse looks at."""

    current = catalogue(BUNDLE, {})

    def reasons(self) -> list[str]:
        return []


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000


def beats_of(http: httpx.Client, count: int, headers: Mapping[str, str] | None = None) -> list[Beat]:
    """The stream's next beats."""
    found: list[Any] = []
    with http.stream("GET", pulse.STREAM, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
    return found


def beating(store: MemoryStore, *beats: Heartbeat) -> MemoryStore:
    """A store in which workers have said where they are."""

    async def beat() -> None:
        for one in beats:
            await store.beat(one)

    asyncio.run(beat())
    return store


# The page


def test_the_page_is_small_and_needs_nothing_from_elsewhere() -> None:
    files = assets()
    assert sum(len(one.body) for one in files.values()) < MAX_BYTES
    assert sum(len(one.packed) for one in files.values()) < MAX_BYTES / 2
    for name, one in files.items():
        text = one.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|innerHTML|insertAdjacentHTML|document\.write|\beval\(", text), name


def test_every_file_that_the_page_names_is_there(memory_api: Api) -> None:
    page = memory_api.http.get("/live")
    html.parser.HTMLParser().feed(page.text)
    named = set(re.findall(r'(?:href|src)="(live/[^"]+)"', page.text))
    named |= {
        f"live/{name}" for one in assets().values() for name in re.findall(r'from "\./([^"]+)"', one.body.decode())
    }
    assert named == {f"live/{name}" for name in assets() if name != "index.html"}
    for name in named:
        assert memory_api.http.get(f"/{name}").status_code == 200, name
    is_problem(memory_api.http.get("/live/nothing.js"), 404)
    is_problem(memory_api.http.get("/live/..%2fdocs.html"), 404)


def test_nothing_foreign_may_run_on_the_page_and_it_is_framed_by_nobody(memory_api: Api) -> None:
    for path in ("/live", "/live/app.js"):
        headers = memory_api.http.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
        assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_it_is_sent_packed_and_not_again_where_it_is_known(memory_api: Api) -> None:
    url = memory_api.http.base_url.join("/live")
    with memory_api.http.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == assets()["index.html"].body
    again = memory_api.http.get("/live", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-encoding" not in memory_api.http.get("/live", headers={"Accept-Encoding": "identity"}).headers


def test_posters_come_from_the_one_place_that_was_set() -> None:
    settings = Settings(posters="https://images.example:8443/t/p/w92/")
    with served(settings, MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        policy = http.get("/live").headers["content-security-policy"]
        assert "img-src 'self' https://images.example:8443;" in policy
        assert http.get("/v1/live/world").json()["posters"] == settings.posters


def test_with_a_token_the_page_is_open_and_what_it_asks_for_is_not() -> None:
    with served(Settings(api_token=TOKEN), MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        assert http.get("/live").status_code == 200
        assert http.get("/live/app.js").status_code == 200
        for path in ("/v1/live/world", "/v1/live/places/me", "/v1/live/as-trained/me", pulse.STREAM, "/livelier"):
            is_problem(http.get(path), 401)
        assert beats_of(http, 1, {"Authorization": f"Bearer {TOKEN}"})


# What it asks for


def test_the_world_is_the_same_for_all_and_tells_what_there_is(memory_api: Api) -> None:
    world = memory_api.http.get("/v1/live/world").json()
    assert world["bundle"] == BUNDLE.version
    assert world["items"] == len(BUNDLE.catalogue)
    assert {"emoji": "😢", "label": "sad"} in world["moods"]
    assert world["landmarks"]
    assert all(mark["title"] and len(mark["place"]) == 2 for mark in world["landmarks"])
    assert 0 < world["told"] <= 1


def test_without_a_bundle_the_page_has_no_map_and_says_why() -> None:
    with served(Settings(), MemoryStore(), MemoryShelf(), MemoryPublisher()) as http:
        world = http.get("/v1/live/world").json()
        assert (world["bundle"], world["landmarks"], world["told"]) == ("", [], None)
        assert http.get("/v1/live/places/me").json()["place"] is None
        assert any(reason.startswith("bundle: ") for reason in http.get("/v1/live/as-trained/me").json()["degraded"])


def test_a_posted_event_moves_the_place_by_its_token_and_leaves_what_was_trained(memory_api: Api) -> None:
    before = memory_api.http.get("/v1/live/as-trained/me?n=5").json()
    assert memory_api.http.get("/v1/live/places/me").json()["place"] is None
    token = memory_api.http.post("/v1/events", json=LIKE).json()["tokens"]["me"]
    place = memory_api.http.get("/v1/live/places/me", params={"token": token}).json()
    assert place["folded"] == 1
    assert len(place["place"]) == 2
    assert memory_api.http.get("/v1/live/as-trained/me?n=5").json()["items"] == before["items"]
    assert len(before["items"]) == 5


@pytest.mark.parametrize(
    "path", ["places/", "as-trained/", "places/me?n=1", "as-trained/me?n=0", "as-trained/me?token=x"]
)
def test_what_can_not_be_asked_is_refused(memory_api: Api, path: str) -> None:
    is_problem(memory_api.http.get(f"/v1/live/{path}"), 422)


def test_a_hostile_token_is_passed_over_with_its_reason(memory_api: Api) -> None:
    answer = memory_api.http.get("/v1/live/places/me", params={"token": "no token"}).json()
    assert any(reason.startswith("token: ") for reason in answer["degraded"])


# The pulse


def test_the_stream_tells_at_once_and_then_each_second_how_it_does() -> None:
    store = beating(MemoryStore(), Heartbeat(0, 90, 100, now_ms()), Heartbeat(1, 50, 50, now_ms() - 60_000))
    with served(PATIENT, store, MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        began = time.monotonic()
        first, second = beats_of(http, 2)
        assert 0.8 < time.monotonic() - began < 5
    assert (first["lag"], first["partitions"], first["silent"], first["watching"]) == (10, 2, 1, 1)  # type: ignore[index]
    assert first["bundle"] == BUNDLE.version  # type: ignore[index]
    assert second["time"] > first["time"]  # type: ignore[index]


def test_with_the_store_away_it_goes_on_and_says_so() -> None:
    class Away(MemoryStore):
        async def heartbeats(self) -> list[Heartbeat]:
            await asyncio.sleep(60)
            raise AssertionError

    with served(Settings(store_timeout_s=0.1), Away(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        (beat,) = beats_of(http, 1)
        assert beat["lag"] is None  # type: ignore[index]
        assert any(reason.startswith("store: ") for reason in beat["degraded"])  # type: ignore[index]


def test_streams_hold_up_no_answer_and_one_too_many_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "WATCHERS", 6)
    with (
        served(Settings(answers_at_once=4), MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http,
        ExitStack() as watching,
    ):
        opened = [watching.enter_context(http.stream("GET", pulse.STREAM)) for _ in range(6)]
        held = [one.iter_lines() for one in opened]  # let go of, it would be closed
        assert all(next(lines).startswith("data: ") for lines in held)
        assert http.get("/v1/recommendations?user_id=me").status_code == 200
        with http.stream("GET", pulse.STREAM) as refused:
            if refused.status_code == 429:
                refused.read()
        is_problem(refused, 429)
        assert int(refused.headers["retry-after"]) >= 1
        text = http.get("/metrics").text
        assert 'moodstream_under_way{kind="answers"} 0.0' in text
        watching.close()
        until = time.monotonic() + 10
        while (status := _status(http)) == 429 and time.monotonic() < until:
            time.sleep(0.05)
        assert status == 200


def _status(http: httpx.Client) -> int:
    with http.stream("GET", pulse.STREAM) as answer:
        return answer.status_code


def test_when_the_server_leaves_its_streams_end_whole_and_nobody_waits_for_them() -> None:
    seen: list[str] = []
    with ExitStack() as stack:
        parts = MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()
        http = stack.enter_context(served(Settings(), *parts, grace_s=10))
        first = threading.Event()

        def watch() -> None:  # raises where the stream is cut off within
            with httpx.stream("GET", f"{http.base_url}{pulse.STREAM}", timeout=15, trust_env=False) as answer:
                for line in answer.iter_lines():
                    seen.append(line)
                    first.set()
            seen.append("the end")

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert first.wait(10)
        began = time.monotonic()
    watcher.join(10)
    assert seen[-1] == "the end"
    assert time.monotonic() - began < 9  # less than the time that is given to what doesn't end


def records() -> Iterator[Record]:
    """What somebody did."""
    yield Interaction(event_id="e1", time=1, user_id="a secret user", item_id="i1", kind="rating", value=4.0)
    yield Interaction(event_id="e2", time=1, user_id="a secret user", item_id="a secret item", kind="like")
    yield MoodEvent(event_id="e3", time=1, user_id="a secret user", mood="😢")
    yield MoodEvent(event_id="e4", time=1, user_id="a secret user", mood="a secret mood")
    yield Impression(
        event_id="e5", time=1, user_id="a secret user", request_id="r", bundle="", shown=[Shown("i1", 0, 1.0, 1.0)]
    )


def test_what_was_heard_names_titles_and_moods_that_are_known_and_no_user() -> None:
    told = heard.heard(list(records()), catalogue(BUNDLE, {}))
    title = BUNDLE.catalogue[ItemIndex([item.item_id for item in BUNDLE.catalogue]).row("i1") - 2].title
    assert told == [
        Heard("rating", title, 4.0),
        Heard("like", "an item without a title"),
        Heard("mood", mood="sad", emoji="😢"),
    ]


def pulse_of(tail: MemoryTail, store: MemoryStore) -> Pulse:
    """A pulse without an app around it."""
    return Pulse(store, Current(), tail, now_ms, 1.0)  # type: ignore[arg-type]


def test_it_beats_once_for_all_who_watch_and_not_at_all_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0.02)

    async def work() -> None:
        tail, store = MemoryTail(*records()), MemoryStore()
        watched = pulse_of(tail, store)
        position = 0
        several = [watched.frames() for _ in range(5)]
        for _ in range(4):
            position += 1
            await store.beat(Heartbeat(0, position, position, now_ms()))
            frames = {await anext(one) for one in several}
            assert b"secret" not in b"".join(frames)
        assert tail.reads <= 6
        for one in several:
            await one.aclose()  # type: ignore[attr-defined]
        assert watched.watching == 0
        await asyncio.sleep(0.1)
        reads = tail.reads
        await store.beat(Heartbeat(0, position + 5, position + 5, now_ms()))
        await asyncio.sleep(0.1)
        assert tail.reads == reads
        await watched.close()

    asyncio.run(work())


def test_with_kafka_away_it_beats_on_and_says_so() -> None:
    async def work() -> None:
        tail, store = MemoryTail(), MemoryStore()
        tail.away = True
        await store.beat(Heartbeat(0, 5, 5, now_ms()))
        watched = pulse_of(tail, store)
        frame = await anext(watched.frames())
        assert b'"kafka: no broker"' in frame
        await watched.close()

    asyncio.run(work())


def test_the_rate_is_what_the_workers_took_in_between_two_words_of_theirs() -> None:
    rate = Rate()
    assert rate.of([Heartbeat(0, 100, 100, 1000), Heartbeat(1, 10, 10, 1000)], 1000) is None
    assert rate.of([Heartbeat(0, 300, 300, 2000), Heartbeat(1, 10, 10, 1000)], 2000) == 200.0
    assert rate.of([Heartbeat(0, 300, 300, 2000), Heartbeat(1, 60, 60, 3000)], 3000) == 225.0
    assert rate.of([Heartbeat(0, 300, 300, 2000), Heartbeat(1, 60, 60, 3000)], 20_000) == 0.0
