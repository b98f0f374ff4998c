"""A Kinesis stream for a test: made, written to, split and merged, deleted."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final

from botocore.exceptions import ClientError

from stream.sources.kinesis.aws import Where, client
from tests.faults.servers import wait_until

_KEYS: Final = 2**128


class Stream:
    """Each method returns when the stream can be used again."""

    def __init__(self, where: Where, name: str) -> None:
        self.where = where
        self.name = name
        self.kinesis = client(where, "kinesis", 4)

    def make(self, shards: int) -> None:
        self.kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        self._wait()

    def delete(self) -> None:
        self.kinesis.delete_stream(StreamName=self.name)

    def shards(self) -> list[dict[str, Any]]:
        """All that it lists, by id."""
        return sorted(self.kinesis.list_shards(StreamName=self.name)["Shards"], key=lambda one: one["ShardId"])

    def open_shards(self) -> list[dict[str, Any]]:
        """Those that take records, by their keys."""
        parents = {one.get(which) for one in self.shards() for which in ("ParentShardId", "AdjacentParentShardId")}
        some = [one for one in self.shards() if one["ShardId"] not in parents]
        return sorted(some, key=lambda one: int(one["HashKeyRange"]["StartingHashKey"]))

    def split(self) -> None:
        """The first open shard, in its middle."""
        shard = self.open_shards()[0]
        ends = [int(shard["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey")]
        middle = str(sum(ends) // 2)
        self.kinesis.split_shard(StreamName=self.name, ShardToSplit=shard["ShardId"], NewStartingHashKey=middle)
        self._wait()

    def merge(self) -> None:
        """The first two open shards."""
        one, other = (shard["ShardId"] for shard in self.open_shards()[:2])
        self.kinesis.merge_shards(StreamName=self.name, ShardToMerge=one, AdjacentShardToMerge=other)
        self._wait()

    def put(self, key: str, data: bytes) -> tuple[str, str]:
        """One record as it is; its shard and sequence number."""
        told = self.kinesis.put_record(StreamName=self.name, PartitionKey=key, Data=data)
        return told["ShardId"], told["SequenceNumber"]

    def _wait(self) -> None:
        wait_until(self._is_active, f"the stream {self.name}", 180)

    def _is_active(self) -> bool:
        told = self.kinesis.describe_stream_summary(StreamName=self.name)
        return bool(told["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")


@contextmanager
def stream(where: Where, name: str, shards: int = 2) -> Iterator[Stream]:
    """A stream of that name, and the end of it and of its leases."""
    made = Stream(where, name)
    made.make(shards)
    try:
        yield made
    finally:
        made.delete()
        with suppress(ClientError):
            _dynamodb(where).delete_table(TableName=table_of(name))


@cache
def _dynamodb(where: Where) -> Any:
    return client(where, "dynamodb", 1)


def owners(where: Where, table: str) -> tuple[dict[str, str], set[str]]:
    """Shard → its adapter, of those that aren't read to their end, and all adapters; nothing while there's no table."""
    try:
        rows = _dynamodb(where).scan(TableName=table, ConsistentRead=True)["Items"]
    except ClientError:
        return {}, set()
    names = {row["id"]["S"].partition("/")[2]: row for row in rows}
    leases = {name: row for name, row in names.items() if "owner" in row and row["place"]["S"] != "SHARD_END"}
    adapters = {name.removeprefix("worker ") for name in names if name.startswith("worker ")}
    return {name: row["owner"]["S"] for name, row in leases.items()}, adapters


def table_of(stream: str) -> str:
    """The table of leases that a test names for its stream."""
    return f"{stream}.leases"
