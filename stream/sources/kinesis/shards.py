"""A stream's shards and their lineage: a split or a merge closes parents, and they're read before their children."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from contracts.errors import Misconfigured, SourceGone
from stream.sources.kinesis.aws import Aws


class Stream(NamedTuple):
    """One stream, in its present life: a stream that's deleted and made again has other shards of the same names."""

    name: str
    arn: str
    made: int
    """UTC ms."""
    now: int
    """UTC ms by AWS' clock, when it was asked; never ahead of it."""

    def is_same(self, other: "Stream") -> bool:
        return (self.arn, self.made) == (other.arn, other.made)


class Shard(NamedTuple):
    """One shard as the stream lists it."""

    id: str
    parents: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Of `shardId-000000000012`, 12."""
        return number_of(self.id)


def number_of(shard_id: str) -> int:
    """The number in a shard's name."""
    digits = re.search(r"(\d+)$", shard_id)
    return int(digits[1]) if digits else 0


async def describe(aws: Aws, name: str) -> Stream:
    """The stream; raises `Misconfigured` where there is none, `SourceUnavailable`."""
    try:
        answer = await aws.kinesis("describe_stream_summary", StreamName=name)
    except SourceGone as error:
        raise Misconfigured(f"Kinesis has no stream {name} in this region: {error}") from error
    summary = answer["StreamDescriptionSummary"]
    return Stream(name, summary["StreamARN"], _ms(summary["StreamCreationTimestamp"]), _ms(_date(answer)))


async def listed(aws: Aws, stream: Stream) -> dict[str, Shard]:
    """All shards that the stream still lists, closed ones too, by id."""
    shards: dict[str, Shard] = {}
    arguments: dict[str, Any] = {"StreamName": stream.name}
    while True:
        answer = await aws.kinesis("list_shards", **arguments)
        for one in answer["Shards"]:
            parents = (one.get("ParentShardId"), one.get("AdjacentParentShardId"))
            shards[one["ShardId"]] = Shard(one["ShardId"], tuple(parent for parent in parents if parent))
        if not answer.get("NextToken"):
            return shards
        arguments = {"NextToken": answer["NextToken"]}


def readable(shards: Mapping[str, Shard], ended: Collection[str], known: Collection[str]) -> list[str]:
    """Those that may be read now: not read to their end, and each parent is, or is neither listed nor `known` now."""
    return [
        shard.id
        for shard in shards.values()
        if shard.id not in ended
        and all(parent in ended or not (parent in shards or parent in known) for parent in shard.parents)
    ]


def _date(answer: Mapping[str, Any]) -> datetime:
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
