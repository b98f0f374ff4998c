"""Too many requests: some are turned away at once with 429, so that the others stay quick."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.settings import Settings
from online.store.memory import MemoryStore
from online.store.protocol import ShardMeta, UserRecord
from serving.shedding import LEAST, Limit
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.shelf import MemoryShelf
from tests.serving.api import served
from tests.serving.conftest import BUNDLE
from tests.serving.test_breaker import Clock
from tests.serving.test_events import LIKE, is_problem


class SlowStore(MemoryStore):
    """Half a second for each user."""

    async def user(self, user_id: str) -> tuple[ShardMeta, UserRecord | None]:
        await asyncio.sleep(0.5)
        return await super().user(user_id)


class SlowPublisher(MemoryPublisher):
    """Half a second until the acknowledgement."""

    async def publish(self, records):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0.5)
        return await super().publish(records)


def statuses(http: httpx.Client, count: int, method: str, path: str, body: object = None) -> list[httpx.Response]:
    """The answers to as many requests at once."""
    with ThreadPoolExecutor(count) as several:
        return list(several.map(lambda _: http.request(method, path, json=body), range(count)))


def test_more_answers_at_once_than_were_set_are_turned_away_and_posts_are_not() -> None:
    settings = Settings(answers_at_once=2, store_timeout_s=5.0)
    with served(settings, SlowStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        answers = statuses(http, 8, "GET", "/v1/recommendations?user_id=me")
        for answer in answers:
            if answer.status_code != 200:
                is_problem(answer, 429)
                assert int(answer.headers["retry-after"]) >= 1
        shed = sum(answer.status_code == 429 for answer in answers)
        assert 0 < shed < 8
        text = http.get("/metrics").text
        assert f'moodstream_shed_total{{kind="answers"}} {float(shed)}' in text
        assert 'moodstream_under_way{kind="answers"} 0.0' in text
        assert http.post("/v1/events", json=LIKE).status_code == 202


def test_more_posts_at_once_than_were_set_are_turned_away_and_answers_and_health_are_not() -> None:
    with served(Settings(posts_at_once=1), MemoryStore(), MemoryShelf(BUNDLE), SlowPublisher()) as http:
        with ThreadPoolExecutor(1) as beside:
            posting = beside.submit(statuses, http, 8, "POST", "/v1/events", LIKE)
            while not posting.done():
                for path in ("/v1/recommendations?user_id=me", "/health/ready", "/metrics"):
                    assert http.get(path).status_code == 200
        found = {answer.status_code for answer in posting.result()}
        assert found == {202, 429}
        assert http.post("/v1/events", json=LIKE).status_code == 202


def test_slow_answers_lower_the_limit_and_quick_ones_raise_it_again() -> None:
    clock = Clock()
    limit = Limit(40, 0.5, clock)
    for _ in range(100):
        began = limit.begin()
        assert began is not None
        clock.now += 1.0
        limit.end(began)
    assert limit.limit == LEAST
    for _ in range(2000):
        starts = [limit.begin() for _ in range(limit.limit)]
        clock.now += 0.1
        for start in starts:
            assert start is not None
            limit.end(start)
        assert limit.under_way == 0
    assert limit.limit == 40


def test_requests_that_were_slow_together_lower_it_once() -> None:
    clock = Clock()
    limit = Limit(100, 0.5, clock)
    starts = [limit.begin() for _ in range(50)]
    clock.now += 1.0
    for start in starts:
        assert start is not None
        clock.now += 0.001
        limit.end(start)
    assert limit.limit == 90


def test_a_body_that_dawdles_makes_no_answer_slow() -> None:
    clock = Clock()
    limit = Limit(10, 0.5, clock)
    began = limit.begin()
    assert began is not None
    clock.now += 9.0
    limit.end(began, read_s=8.9)
    assert limit.limit == 10


@given(st.lists(st.tuples(st.sampled_from(["begin", "end", "wait"]), st.floats(0, 2)), max_size=200), st.integers(1, 9))
def test_the_limit_holds_whatever_happens(steps: list[tuple[str, float]], most: int) -> None:
    clock = Clock()
    limit = Limit(most, 0.5, clock)
    under_way: list[float] = []
    for step, value in steps:
        if step == "wait":
            clock.now += value
        elif step == "begin":
            began = limit.begin()
            assert (began is None) == (len(under_way) >= limit.limit)
            under_way += [] if began is None else [began]
        elif under_way:
            limit.end(under_way.pop(0))
        assert limit.under_way == len(under_way)
        assert min(LEAST, most) <= limit.limit <= most


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP", "identity, gzip", "zstd"])
def test_a_compressed_body_is_refused_before_anything_unpacks_it(coding: str) -> None:
    with served(Settings(), MemoryStore(), MemoryShelf(BUNDLE), MemoryPublisher()) as http:
        for path in ("/v1/events", "/v1/recommendations"):
            answer = http.post(path, content=b"\x1f\x8b", headers={"Content-Encoding": coding})
            is_problem(answer, 415)
            assert answer.headers["accept-encoding"] == "identity"
        plain = http.post("/v1/events", json=LIKE, headers={"Content-Encoding": "identity"})
        assert plain.status_code == 202
