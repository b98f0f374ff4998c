"""A token makes events count that the stream hasn't taken in yet, exactly once, and writes nothing."""

import asyncio
from base64 import urlsafe_b64encode

import msgspec
import pytest

from contracts.errors import InvalidEvent
from contracts.events import Context, Erase
from online.answer.deadline import Deadline
from online.answer.token import KEPT, read
from online.answer.view import Viewer
from tests.fakes.bundle import random_bundle
from tests.online.answer.world import PARTITIONS, START, AwayStore, World, felt, ids, took

BUNDLE = random_bundle(100, 1)


def test_a_token_s_events_count_until_the_stream_has_taken_them_in() -> None:
    async def scene() -> None:
        ahead, behind = await World(BUNDLE).begin(), await World(BUNDLE).begin()
        log = [took("me", "i7"), felt("me", "sad"), took("me", "i9", "dislike")]
        for world in (ahead, behind):
            await world.learn(took("me", "i1"))
        token = ahead.token("me", await ahead.learn(*log))
        sent = behind.sent(*log)
        before = await behind.memory.dump()
        folded = await behind.ask(token=behind.token("me", sent))
        assert folded.folded == 3
        assert folded.mood == "sad"
        assert not {"i1", "i7", "i9"} & set(ids(folded))
        assert await behind.memory.dump() == before
        after = await ahead.ask(token=token)
        assert after.folded == 0
        assert ids(after) == ids(await ahead.ask())

    asyncio.run(scene())


def test_a_folded_state_is_the_stream_s_to_the_byte() -> None:
    async def scene() -> None:
        ahead, behind = await World(BUNDLE).begin(), await World(BUNDLE).begin()
        log = [took("me", "i7"), felt("me", "sad"), took("me", "i9")]
        await ahead.learn(*log)
        token = behind.token("me", behind.sent(*log))
        views = []
        for world, carried in ((ahead, ""), (behind, token)):
            viewer = Viewer(world.memory, world.library, world.enricher, PARTITIONS)
            views.append(await viewer.view("me", carried, world.now, Deadline(60.0)))
        assert views[0].state.hidden.tobytes() == views[1].state.hidden.tobytes()

    asyncio.run(scene())


def test_events_that_were_taken_in_meanwhile_are_known_by_their_ids() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        event = took("me", "i7")
        first = world.sent(event)
        await world.learn(event)  # the same one sent again lies further on, and was taken in
        again = world.token("me", [msgspec.structs.replace(first[0], offset=99)])
        assert (await world.ask(token=again)).folded == 0

    asyncio.run(scene())


def test_an_erase_in_a_token_forgets_at_once() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        await world.learn(took("me", "i7"))
        stranger = ids(await world.ask("somebody else"))
        token = world.token("me", world.sent(Erase(event_id="x", time=START, user_id="me")))
        assert ids(await world.ask("me", token=token)) == stranger

    asyncio.run(scene())


def test_a_token_counts_while_the_store_is_away() -> None:
    async def scene() -> None:
        away: object = AwayStore()
        world = World(BUNDLE, store=away)  # type: ignore[arg-type]  # it refuses whatever is asked
        await world.library.refresh()
        before = await world.ask()
        after = await world.ask(token=world.token("me", world.sent(took("me", "i7"))))
        assert after.folded == 1
        assert ids(after) != ids(before)

    asyncio.run(scene())


def test_a_token_of_somebody_else_or_of_the_day_before_yesterday_has_no_effect() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        theirs = world.token("you", world.sent(took("you", "i7")))
        answer = await world.ask("me", token=theirs)
        assert (answer.folded, answer.degraded) == (0, ["token: the token is another user's"])
        old = world.token("me", world.sent(took("me", "i7")))
        world.now += 2 * 24 * 3600 * 1000
        await world.beat()
        assert (await world.ask("me", token=old)).folded == 0

    asyncio.run(scene())


def test_several_tokens_are_joined_by_commas() -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        tokens = [world.token("me", world.sent(took("me", f"i{number}"))) for number in range(3)]
        assert (await world.ask("me", token=",".join(tokens))).folded == 3

    asyncio.run(scene())


def test_a_token_holds_the_last_events_and_neither_address_nor_user_agent() -> None:
    world = World()
    where = Context(ip="192.0.2.7", user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)", place="Oslo")
    log = [msgspec.structs.replace(took("me", f"i{number}"), context=where) for number in range(KEPT + 5)]
    token = read(world.token("me", world.sent(*log)))
    assert len(token.sent) == KEPT
    assert token.sent[-1].event.context == Context(place="Oslo", device="mobile")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "é",
        "====",
        urlsafe_b64encode(b"\xff" * 50).decode(),
        urlsafe_b64encode(msgspec.msgpack.encode([2, "me", []])).decode(),
        urlsafe_b64encode(msgspec.msgpack.encode([1, "me", [[0, 0, 0, {"type": "item", "item_id": "x"}]]])).decode(),
        urlsafe_b64encode(b"\x91" * 20_000).decode(),
        "A" * 70_000,
    ],
)
def test_what_is_no_token_is_said_and_the_answer_comes_all_the_same(text: str) -> None:
    async def scene() -> None:
        world = await World(BUNDLE).begin()
        answer = await world.ask(token=text)
        assert answer.items
        assert answer.degraded[0].startswith("token: ")

    with pytest.raises(InvalidEvent):
        read(text)
    asyncio.run(scene())
