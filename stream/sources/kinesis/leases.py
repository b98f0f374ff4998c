"""The table of leases in DynamoDB: who reads each shard and how far it is read, by conditional writes alone.

A lease has a *term*, one more with every taking, and a *counter*, one more with every write. Who holds it writes only
while the term is still its own; who takes it, only if nothing was written since it looked. So no clocks are compared:
that a lease isn't renewed any more, the taker sees by its own clock. (The Kinesis Client Library's scheme, but that a
lease is never taken from who still renews it: see `sharing`.)
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts.errors import LeaseLost, Misconfigured, SourceGone, SourceUnavailable
from stream.sources.kinesis.aws import Aws
from stream.sources.kinesis.patience import patiently
from stream.sources.kinesis.place import SHARD_END

_START: Final = "start"
_WORKER: Final = "worker "
_RENEWED: Final = "SET #counter = #counter + :one"
_NAMES: Final = {"#counter": "counter", "#term": "term", "#owner": "owner"}


class Lease(NamedTuple):
    """One shard's row, as it was read or written last."""

    shard: str
    owner: str
    """Empty: nobody's."""
    term: int
    counter: int
    place: str

    @property
    def is_ended(self) -> bool:
        return self.place == SHARD_END


class Adapter(NamedTuple):
    """The row by which the others know that an adapter lives."""

    name: str
    counter: int
    room: int
    """How many shards more it would take."""


class Rows(NamedTuple):
    """The table as it is now."""

    leases: dict[str, Lease]
    adapters: dict[str, Adapter]


class Table:
    """The rows of one stream's present life; those of a life before are of no use, and are swept away."""

    def __init__(self, aws: Aws, name: str, life: int, me: str) -> None:
        self._aws = aws
        self._name = name
        self._life = life
        self.me = me

    async def make(self) -> None:
        """Create the table unless it's there, and wait until it can be used."""
        key = {"AttributeName": "id"}
        try:
            await self._aws.dynamodb("describe_table", TableName=self._name)
        except SourceGone:
            try:
                await self._aws.dynamodb(
                    "create_table",
                    TableName=self._name,
                    KeySchema=[{**key, "KeyType": "HASH"}],
                    AttributeDefinitions=[{**key, "AttributeType": "S"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            except SourceUnavailable as error:
                if "ResourceInUse" not in str(error):  # another adapter was faster
                    raise
        await patiently(self._check_active, lambda error: None)

    async def _check_active(self) -> None:
        answer = await self._aws.dynamodb("describe_table", TableName=self._name)
        table = answer["Table"]
        if table["KeySchema"] != [{"AttributeName": "id", "KeyType": "HASH"}]:
            raise Misconfigured(f"the DynamoDB table {self._name} is another one's: name a new one by --table")
        if table["TableStatus"] not in ("ACTIVE", "UPDATING"):
            raise SourceUnavailable(f"the table {self._name} is being made")

    async def start(self, wanted: str) -> str:
        """Where shards are read from that were never read; the first adapter that says it says it for good."""
        item = {"id": _text(f"{self._life}/{_START}"), "place": _text(wanted)}
        await self._put_unless_there(item)
        answer = await self._aws.dynamodb("get_item", TableName=self._name, Key=_id(item), ConsistentRead=True)
        return str(answer["Item"]["place"]["S"])

    async def add(self, shard: str, start: str) -> None:
        """A shard that was listed, unless it has its row already."""
        row = Lease(shard, "", 0, 0, start)
        await self._put_unless_there(self._item(row))

    async def _put_unless_there(self, item: Mapping[str, Any]) -> None:
        try:
            await self._aws.dynamodb(
                "put_item", TableName=self._name, Item=item, ConditionExpression="attribute_not_exists(id)"
            )
        except LeaseLost:
            return

    async def look(self) -> Rows:
        """All leases and all adapters."""
        rows, earlier = Rows({}, {}), list[str]()
        async for item in self._items():
            life, _, name = item["id"]["S"].partition("/")
            if int(life) < self._life:
                earlier.append(item["id"]["S"])
            elif int(life) > self._life or name == _START:
                continue
            elif name.startswith(_WORKER):
                adapter = name.removeprefix(_WORKER)
                rows.adapters[adapter] = Adapter(adapter, _int(item, "counter"), _int(item, "room"))
            else:
                rows.leases[name] = self._lease(name, item)
        await self._delete(earlier)
        return rows

    async def _items(self) -> Any:
        page: dict[str, Any] = {}
        while True:
            answer = await self._aws.dynamodb("scan", TableName=self._name, ConsistentRead=True, **page)
            for item in answer["Items"]:
                yield item
            if "LastEvaluatedKey" not in answer:
                return
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def live(self, counter: int, room: int) -> None:
        """Tell the others that this adapter lives."""
        item = {"id": self._worker(self.me), "counter": _number(counter), "room": _number(room)}
        await self._aws.dynamodb("put_item", TableName=self._name, Item=item)

    async def take(self, lease: Lease) -> Lease | None:
        """Take a lease that nothing was written to since it was read; None where another was faster."""
        try:
            return await self._update(
                lease,
                f"{_RENEWED}, #term = #term + :one, #owner = :me",
                "#term = :term AND #counter = :counter",
                {":me": _text(self.me), ":counter": _number(lease.counter)},
            )
        except LeaseLost:
            return None

    async def renew(self, lease: Lease, place: str) -> Lease:
        """Say that the lease is held on, and how far its shard is read; raises `LeaseLost`."""
        return await self._update(lease, f"{_RENEWED}, place = :place", "#term = :term", {":place": _text(place)})

    async def release(self, lease: Lease, place: str) -> None:
        """Let others have it; raises `LeaseLost` where another has it already."""
        await self._update(
            lease,
            f"{_RENEWED}, place = :place, #owner = :nobody",
            "#term = :term",
            {":place": _text(place), ":nobody": _text("")},
        )

    async def _update(self, lease: Lease, change: str, condition: str, values: Mapping[str, Any]) -> Lease:
        names = _NAMES if "#owner" in change else {key: name for key, name in _NAMES.items() if key != "#owner"}
        answer = await self._aws.dynamodb(
            "update_item",
            TableName=self._name,
            Key={"id": _text(f"{self._life}/{lease.shard}")},
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":one": _number(1), ":term": _number(lease.term), **values},
            ReturnValues="ALL_NEW",
        )
        return self._lease(lease.shard, answer["Attributes"])

    async def forget(self, shards: Collection[str], adapters: Collection[str]) -> None:
        """Delete the rows of shards that the stream lists no more, and of adapters that are gone."""
        ids = [f"{self._life}/{shard}" for shard in shards]
        await self._delete([*ids, *(self._worker(name)["S"] for name in adapters)])

    async def _delete(self, ids: Collection[str]) -> None:
        for one in ids:
            await self._aws.dynamodb("delete_item", TableName=self._name, Key={"id": _text(one)})

    def _item(self, lease: Lease) -> dict[str, Any]:
        return {
            "id": _text(f"{self._life}/{lease.shard}"),
            "owner": _text(lease.owner),
            "term": _number(lease.term),
            "counter": _number(lease.counter),
            "place": _text(lease.place),
        }

    def _lease(self, shard: str, item: Mapping[str, Any]) -> Lease:
        return Lease(shard, item["owner"]["S"], _int(item, "term"), _int(item, "counter"), item["place"]["S"])

    def _worker(self, name: str) -> dict[str, str]:
        return _text(f"{self._life}/{_WORKER}{name}")


def ended(leases: Mapping[str, Lease]) -> Iterator[str]:
    """The shards that were read to their end."""
    return (lease.shard for lease in leases.values() if lease.is_ended)


def _id(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": item["id"]}


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _int(item: Mapping[str, Any], name: str) -> int:
    return int(item[name]["N"])
