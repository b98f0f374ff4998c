"""Too many requests: some are turned away at once with 429, so that the others stay quick."""

import asyncio
import random
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


def answered(limit: Limit, clock: Clock, gap_s: float, count: int) -> None:
    """So many answers, one after the other, each after this long."""
    for _ in range(count):
        assert limit.begin()
        clock.now += gap_s
        limit.end()


def test_as_many_may_be_under_way_as_are_answered_in_time_at_the_pace_of_late() -> None:
    clock = Clock()
    limit = Limit(100, 0.5, clock)
    assert limit.limit == 100  # nothing is known yet
    answered(limit, clock, 0.01, 200)
    assert 48 <= limit.limit <= 51
    answered(limit, clock, 0.2, 200)
    assert limit.limit == LEAST
    answered(limit, clock, 0.001, 200)
    assert limit.limit == 100


def test_many_that_wait_together_are_as_quick_as_their_answers_follow_each_other() -> None:
    """A store that takes 0.4 s for each of forty at once answers a hundred a second."""
    clock = Clock()
    limit = Limit(100, 0.5, clock)
    for _ in range(20):
        assert all(limit.begin() for _ in range(40))
        for _ in range(40):
            clock.now += 0.01
            limit.end()
    assert limit.limit >= 40


def overloaded(
    limit: Limit, clock: Clock, service_s: float, load: float, requests: int = 3000
) -> tuple[list[float], float]:
    """How long each answered one took, and the share of the time that was worked.

    One after the other is answered, each in so many seconds, while `load` times as many come at random.
    """
    rng = random.Random(1)
    free, worked, began = clock.now, 0.0, clock.now
    ends: list[float] = []
    took: list[float] = []
    arrival = clock.now
    for _ in range(requests):
        arrival += rng.expovariate(load / service_s)
        while ends and ends[0] <= arrival:
            clock.now = ends.pop(0)
            limit.end()
        clock.now = arrival
        if limit.begin():
            free = max(free, arrival) + service_s
            ends.append(free)
            worked += service_s
            took.append(free - arrival)
    return took, worked / (clock.now - began)


@pytest.mark.parametrize("service_s", [0.002, 0.01, 0.05])
@pytest.mark.parametrize("load", [2, 4, 20])
def test_under_more_load_than_can_be_answered_answers_stay_quick_and_none_of_the_time_is_wasted(
    service_s: float, load: float
) -> None:
    took, busy = overloaded(Limit(10_000, 0.5, clock := Clock()), clock, service_s, load)
    settled = took[len(took) // 4 :]
    assert max(settled) < 0.55
    assert busy > 0.95
    endless, _ = overloaded(Limit(1_000_000, 1e9, clock := Clock()), clock, service_s, load)
    assert max(endless) > 1.4  # and would go on growing
    calm, _ = overloaded(Limit(64, 0.5, clock := Clock()), clock, service_s, 0.5)
    assert len(calm) > 2990  # where there is no overload, nobody is turned away


def test_a_pause_and_a_body_that_dawdles_make_no_answer_slow() -> None:
    clock = Clock()
    limit = Limit(100, 0.5, clock)
    for _ in range(100):
        clock.now += 60.0
        assert limit.begin()
        clock.now += 9.001
        limit.end(read_s=9.0)
    assert limit.limit == 100


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "end", "wait"]), st.floats(0, 2)), max_size=200), st.integers(1, 20)
)
def test_the_limit_holds_whatever_happens(steps: list[tuple[str, float]], most: int) -> None:
    clock = Clock()
    limit = Limit(most, 0.5, clock)
    under_way = 0
    for step, value in steps:
        if step == "wait":
            clock.now += value
        elif step == "begin":
            may = limit.begin()
            assert may == (under_way < limit.limit)
            under_way += may
        elif under_way:
            limit.end(value)
            under_way -= 1
        assert limit.under_way == under_way
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
