"""What the live page asks for, through HTTP, Kafka, the worker, Redis and back."""

import json
import time
import uuid
from typing import Any

import httpx

from contracts.events import Event
from serving.pulse import STREAM
from tests.end_to_end.conftest import Loop
from tests.end_to_end.test_loop import after, eventually, like, mood, user


def place(loop: Loop, user_id: str, **asked: str) -> dict[str, Any]:
    """Where the user is."""
    found: dict[str, Any] = httpx.get(f"{loop.client.address}/v1/live/places/{user_id}", params=asked).json()
    return found


def trained(loop: Loop, user_id: str) -> dict[str, Any]:
    """What the bundle alone says."""
    found: dict[str, Any] = httpx.get(f"{loop.client.address}/v1/live/as-trained/{user_id}").json()
    return found


def test_the_place_by_the_token_is_the_place_once_the_stream_has_learned_it(loop: Loop) -> None:
    me = user()
    before = trained(loop, me)
    posted = loop.client.post_raw([{"type": "interaction", "user_id": me, "item_id": "i1", "kind": "like"}])
    early = place(loop, me, token=posted["tokens"][me])
    assert early["events"] == 1
    eventually(lambda: place(loop, me)["events"] == 1)
    assert place(loop, me)["place"] == early["place"]
    after(loop.client, me, mood(me, "sad"))
    assert place(loop, me)["place"] != early["place"]
    assert trained(loop, me)["items"] == before["items"]


def test_who_watches_hears_what_was_learned_and_not_whose_it_was(loop: Loop) -> None:
    me = f"secret-{uuid.uuid4().hex}"
    events: list[Event] = [like(me, "i2"), mood(me, "😢")]
    title = next(item.title for item in loop.shelf.load(loop.shelf.current() or "").catalogue if item.item_id == "i2")
    wanted = {("like", title), ("mood", "sad")}
    with httpx.stream("GET", f"{loop.client.address}{STREAM}", timeout=30) as stream:
        lines, until = stream.iter_lines(), time.monotonic() + 30
        next(lines)
        loop.client.post(events)
        for line in lines:
            assert me not in line
            if line.startswith("data: "):
                beat = json.loads(line.removeprefix("data: "))
                wanted -= {(one["kind"], one.get("title") or one.get("mood")) for one in beat["heard"]}
            if not wanted or time.monotonic() > until:
                break
    assert not wanted
    assert beat["degraded"] == []
    assert beat["partitions"] == loop.settings.partitions
