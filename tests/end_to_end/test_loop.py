"""A click changes the next recommendation: through HTTP, Kafka, the worker, Redis and back."""

import threading
import time
import uuid
from collections.abc import Callable

import pytest

from contracts.events import Alias, Event, Interaction, ItemEvent, MoodEvent
from contracts.rollout import Rollout
from moodstream.client import Client
from online.answer.answered import Recommendations
from online.publish import publish, rollback
from tests.end_to_end.conftest import Loop
from tests.fakes.bundle import random_bundle

WITHIN_S = 20


def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


def like(user_id: str, item: str) -> Interaction:
    return Interaction(
        event_id=uuid.uuid4().hex, time=int(time.time() * 1000), user_id=user_id, item_id=item, kind="like"
    )


def mood(user_id: str, said: str) -> MoodEvent:
    return MoodEvent(event_id=uuid.uuid4().hex, time=int(time.time() * 1000), user_id=user_id, mood=said)


def after(client: Client, user_id: str, *events: Event) -> Recommendations:
    """The first answer that knows these events."""
    return client.until_changed(user_id, client.post(events)[-1])[0]


def ids(answer: Recommendations) -> list[str]:
    return [item.item_id for item in answer.items]


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


def test_a_click_changes_the_next_recommendation(loop: Loop) -> None:
    me = user()
    before = loop.client.recommend(me)
    clicked = before.items[0].item_id
    changed = after(loop.client, me, like(me, clicked))
    assert clicked not in ids(changed)
    assert [(i.item_id, i.score) for i in changed.items] != [(i.item_id, i.score) for i in before.items]


def test_a_mood_alone_changes_the_next_recommendation(loop: Loop) -> None:
    me = user()
    before = after(loop.client, me, like(me, "i1"))
    changed = after(loop.client, me, mood(me, "😢"))
    assert changed.mood == "sad"
    assert [i.score for i in changed.items] != [i.score for i in before.items]


def test_an_answer_names_bundle_watermark_age_and_lag(loop: Loop) -> None:
    me = user()
    answer = after(loop.client, me, like(me, "i2"))
    assert answer.bundle == loop.shelf.current()
    assert answer.watermark is not None
    assert answer.age_ms is not None
    assert answer.age_ms < 60_000
    assert answer.lag is not None
    assert answer.degraded == []


def test_a_duplicate_has_no_second_effect(loop: Loop) -> None:
    me = user()
    event = like(me, "i3")
    after(loop.client, me, event)
    once = loop.client.profile(me)
    after(loop.client, me, event)
    twice = loop.client.profile(me)
    assert (once.events, once.history, once.embedding) == (twice.events, twice.history, twice.embedding)
    assert twice.events == 1


def test_a_bad_event_is_named_and_the_good_one_is_taken(loop: Loop) -> None:
    me = user()
    good = {"type": "interaction", "user_id": me, "item_id": "i4", "kind": "like"}
    answer = loop.client.post_raw([good, {**good, "kind": "hug"}])
    assert [result["status"] for result in answer["results"]] == ["accepted", "refused"]
    assert "hug" in answer["results"][1]["reason"] or "kind" in answer["results"][1]["reason"]
    eventually(lambda: loop.client.profile(me).events == 1)


def test_an_anonymous_user_takes_the_history_along(loop: Loop) -> None:
    anonymous, known = user(), user()
    after(loop.client, anonymous, like(anonymous, "i5"), mood(anonymous, "happy"))
    loop.client.post([Alias(event_id=uuid.uuid4().hex, time=1, user_id=anonymous, known_as=known)])
    eventually(lambda: loop.client.profile(known).events == 2)
    loop.client.post([like(anonymous, "i6")])
    eventually(lambda: loop.client.profile(known).events == 3)


def test_an_erased_user_is_forgotten(loop: Loop) -> None:
    me = user()
    after(loop.client, me, like(me, "i7"))
    loop.client.erase(me)
    eventually(lambda: loop.client.profile(me).events == 0)


def test_a_new_item_is_recommended_within_seconds(loop: Loop) -> None:
    item = f"new-{uuid.uuid4().hex[:6]}"
    loop.client.post(
        [ItemEvent(event_id=item, time=1, item_id=item, title="The brand new film", categories=["comedy"])]
    )
    me = user()
    eventually(lambda: item in ids(loop.client.recommend(me, 50)))


def test_a_bundle_changes_while_events_flow_without_a_failed_request_or_a_lost_event(loop: Loop) -> None:
    me, idle = user(), user()
    after(loop.client, idle, like(idle, "i8"))
    after(loop.client, me, like(me, "i9"))
    first = loop.shelf.current()
    second = loop.shelf.add(random_bundle(seed=int(time.time()) % 1000 + 2))
    answers: list[Recommendations] = []
    failures: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        with Client(loop.client.address) as client:
            while not stop.is_set():
                try:
                    answers.append(client.recommend(me))
                except Exception as error:
                    failures.append(error)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        publish(loop.settings, loop.shelf, Rollout(second))
        for number in range(10, 20):
            loop.client.post([like(me, f"i{number}")])
        eventually(lambda: loop.client.recommend(me).bundle == second)
        eventually(lambda: loop.client.recommend(idle).bundle == second)
        assert rollback(loop.settings, loop.shelf) == first
        eventually(lambda: loop.client.recommend(me).bundle == first)
    finally:
        stop.set()
        asker.join()
    assert not failures
    assert answers
    eventually(lambda: loop.client.profile(me).events == 11)


@pytest.mark.parametrize("said", ["🤩", "calm"])
def test_a_mood_asked_for_in_the_request_counts_for_that_answer(loop: Loop, said: str) -> None:
    assert loop.client.recommend(user(), mood=said).mood in {"excited", "calm"}
