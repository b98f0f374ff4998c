"""The table of leases, on a real DynamoDB's protocol."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from contracts.errors import LeaseLost
from stream.sources.kinesis.aws import Where, connect
from stream.sources.kinesis.held import Held
from stream.sources.kinesis.leases import Lease, Table
from stream.sources.kinesis.place import SHARD_END, TRIM_HORIZON
from tests.aws.stream import table_of

Play = Callable[[Table, Table], Awaitable[None]]


def played(where: Where, name: str, play: Play) -> None:
    """With two adapters at one table of one shard."""

    async def run() -> None:
        async with tables(where, name) as (one, other):
            await one.add("s0", TRIM_HORIZON)
            await play(one, other)

    asyncio.run(run())


@asynccontextmanager
async def tables(where: Where, name: str) -> AsyncIterator[tuple[Table, Table]]:
    aws = connect(where, 2)
    one, other = (Table(aws, table_of(name), 5, me) for me in ("one", "other"))
    await asyncio.gather(one.make(), other.make())
    try:
        yield one, other
    finally:
        await aws.dynamodb("delete_table", TableName=table_of(name))
        aws.close()


async def lease(table: Table) -> Lease:
    return (await table.look()).leases["s0"]


async def take(table: Table) -> Lease:
    taken = await table.take(await lease(table))
    assert taken
    return taken


def test_of_many_who_take_a_lease_at_once_one_has_it(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        seen = await lease(one)
        taken = await asyncio.gather(*(table.take(seen) for table in (one, other, one, other)))
        assert sum(won is not None for won in taken) == 1

    played(where, namespace, play)


def test_a_lease_that_was_renewed_since_it_was_seen_isnt_taken(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        held = await take(one)
        seen = await lease(other)
        await one.renew(held, "7")
        assert await other.take(seen) is None

    played(where, namespace, play)


def test_who_was_taken_over_from_writes_no_checkpoint_any_more(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        held = Held(one, await take(one), 60, time.monotonic())
        await other.renew(await take(other), "9")
        held.place = "8"
        with pytest.raises(LeaseLost):
            await held.checkpoint()
        with pytest.raises(LeaseLost):
            held.check()
        with pytest.raises(LeaseLost):
            await held.release(ended=True)
        assert (await lease(other)).place == "9"

    played(where, namespace, play)


def test_a_renewal_whose_answer_was_lost_may_be_sent_again(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        held = await take(one)
        await one.renew(held, "7")
        assert (await one.renew(held, "8")).place == "8"

    played(where, namespace, play)


def test_a_lease_that_couldnt_be_renewed_in_time_is_held_no_more_by_its_holders_own_clock(
    where: Where, namespace: str
) -> None:
    async def play(one: Table, other: Table) -> None:
        held = Held(one, await take(one), 5, time.monotonic() - 5)
        with pytest.raises(LeaseLost, match="in time"):
            held.check()
        with pytest.raises(LeaseLost):
            await held.checkpoint()

    played(where, namespace, play)


def test_what_is_given_away_goes_on_where_it_was(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        held = Held(one, await take(one), 60, time.monotonic())
        held.place = "8"
        await held.release(ended=False)
        given = await lease(other)
        assert (given.owner, given.place) == ("", "8")
        held = Held(other, await take(other), 60, time.monotonic())
        await held.release(ended=True)
        assert (await lease(one)).place == SHARD_END

    played(where, namespace, play)


def test_a_shard_that_is_listed_again_keeps_its_row(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        await one.renew(await take(one), "7")
        await other.add("s0", TRIM_HORIZON)
        assert (await lease(one)).place == "7"

    played(where, namespace, play)


def test_where_to_begin_is_said_once(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        assert await one.start("AT_TIMESTAMP/5") == "AT_TIMESTAMP/5"
        assert await other.start(TRIM_HORIZON) == "AT_TIMESTAMP/5"

    played(where, namespace, play)


def test_rows_of_a_stream_that_was_deleted_and_made_again_are_swept_away(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        await one.live(1, 5)
        later = Table(one._aws, table_of(namespace), 6, "later")
        rows = await later.look()
        assert not rows.leases
        assert not rows.adapters
        assert not (await one.look()).leases

    played(where, namespace, play)


def test_adapters_know_of_each_other_until_they_are_forgotten(where: Where, namespace: str) -> None:
    async def play(one: Table, other: Table) -> None:
        await asyncio.gather(one.live(1, 5), other.live(3, 0))
        assert (await one.look()).adapters["other"].counter == 3
        await one.forget(["s0"], ["other"])
        rows = await one.look()
        assert list(rows.adapters) == ["one"]
        assert not rows.leases

    played(where, namespace, play)
