"""`python -m tests.aws.server --port N`: moto's server, with Kinesis behaving where moto's doesn't as AWS documents it.

moto (5.2) moves the records of a split or merged shard into its children, lets a closed shard take records on and
never says that it ended, and knows no limits. Here a closed shard keeps what it has until it's read, its last
iterator is none, sequence numbers are as long as AWS', an iterator expires, and a shard gives so many answers and
takes so many records a second. Requests are answered one at a time: moto's conditional writes are no transactions.
"""

import argparse
import time
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable
from hashlib import md5
from threading import Lock
from typing import Any, ClassVar, Final

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.kinesis import exceptions, models, responses
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple

_FIRST: Final = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
_ANSWER: Final = 10_000
READS: Final = "reads"
WRITES: Final = "writes"


class Limits:
    """A second's worth of each shard's; 0: none."""

    reads = 5
    writes = 1000
    iterator_s = 300.0
    _used: ClassVar[defaultdict[tuple[str, str], deque[float]]] = defaultdict(deque)

    @classmethod
    def exceeded(cls, what: str, shard: str) -> bool:
        """Whether one more is too many; counts it if it isn't."""
        most, used, now = getattr(cls, what), cls._used[what, shard], time.monotonic()
        while used and used[0] <= now - 1:
            used.popleft()
        if most and len(used) >= most:
            return True
        used.append(now)
        return False


class Throttled(JsonRESTError):
    __module__ = models.__name__  # moto asks a class's module for the service that it's of

    def __init__(self) -> None:
        super().__init__("ProvisionedThroughputExceededException", "Rate exceeded for shard")


class Expired(JsonRESTError):
    __module__ = models.__name__

    def __init__(self) -> None:
        super().__init__("ExpiredIteratorException", "Iterator expired")


class Shard(models.Shard):
    """Its records by growing sequence numbers, which no other shard of the process has."""

    __module__ = models.__name__
    _last = _FIRST

    def put_record(self, partition_key: str, data: str, explicit_hash_key: str) -> str:
        Shard._last += 1
        self.records[Shard._last] = models.Record(partition_key, data, Shard._last, explicit_hash_key)
        return str(Shard._last)

    def after(self, sequence: int, limit: int) -> tuple[list[Any], int, int]:
        """Records beyond that number, the number of the last, and by how many milliseconds they're behind."""
        numbers = list(self.records)
        start = bisect_right(numbers, sequence)
        found = [self.records[number] for number in numbers[start : start + limit]]
        left = numbers[start + limit :]
        behind = int(1000 * (time.time() - self.records[left[0]].created_at)) if left else 0
        return found, found[-1].sequence_number if found else sequence, behind

    def before(self, moment: float) -> int:
        """The number of the last record that came before then (seconds since 1970)."""
        return max((number for number, one in self.records.items() if one.created_at < moment), default=0)


class Stream(models.Stream):
    """Shards are closed by a split or a merge, and keep their records."""

    __module__ = models.__name__

    def get_shard_for_key(self, partition_key: str, explicit_hash_key: str) -> Any:
        number = int(explicit_hash_key or int(md5(partition_key.encode(), usedforsecurity=False).hexdigest(), 16))
        return next(s for s in self.shards.values() if s.is_open and s.starting_hash <= number <= s.ending_hash)

    def split_shard(self, shard_to_split: str, new_starting_hash_key: str) -> None:
        parent, middle = self.shards[shard_to_split], int(new_starting_hash_key)
        parent.is_open = False
        self._add(parent.starting_hash, middle - 1, parent.shard_id, None)
        self._add(middle, parent.ending_hash, parent.shard_id, None)

    def merge_shards(self, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
        one, other = self.shards[shard_to_merge], self.shards[adjacent_shard_to_merge]
        one.is_open = other.is_open = False
        ends = (min(one.starting_hash, other.starting_hash), max(one.ending_hash, other.ending_hash))
        self._add(*ends, one.shard_id, other.shard_id)

    def _add(self, start: int, end: int, parent: str, adjacent: str | None) -> None:
        child = Shard(len(self.shards), start, end, parent, adjacent)
        self.shards[child.shard_id] = child

    def put_or_not(self, record: dict[str, Any]) -> dict[str, Any]:
        """One of a request's records: where it lies, or why it doesn't."""
        key, explicit = record["PartitionKey"], record.get("ExplicitHashKey", "")
        shard = self.get_shard_for_key(key, explicit)
        if Limits.exceeded(WRITES, f"{self.arn}/{shard.shard_id}"):
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
        return {"SequenceNumber": shard.put_record(key, record["Data"], explicit), "ShardId": shard.shard_id}


def _iterator(backend: Any, stream_arn: str, stream_name: str, shard_id: str, kind: str, at: str, moment: Any) -> str:
    stream = backend.describe_stream(stream_arn, stream_name)
    if shard_id not in stream.shards:
        raise exceptions.ResourceNotFoundError(f"Shard {shard_id} in stream {stream_name} does not exist")
    shard = stream.shards[shard_id]
    places: dict[str, Callable[[], int]] = {
        "TRIM_HORIZON": lambda: 0,
        "LATEST": lambda: max(shard.records, default=0),
        "AT_SEQUENCE_NUMBER": lambda: int(at) - 1,
        "AFTER_SEQUENCE_NUMBER": lambda: int(at),
        "AT_TIMESTAMP": lambda: shard.before(_seconds(moment)),
    }
    after = places[kind]()
    return f"{stream.stream_name}/{shard_id}/{after}/{time.monotonic()}"


def _seconds(moment: Any) -> float:
    return float(moment.timestamp() if hasattr(moment, "timestamp") else moment)


def _get_records(self: Any) -> Any:
    """Of a response: `GetRecords`."""
    name, shard_id, after, made = self._get_param("ShardIterator").split("/")
    stream = self.kinesis_backend.describe_stream(None, name)
    shard = stream.shards[shard_id]
    if time.monotonic() - float(made) > Limits.iterator_s:
        raise Expired
    if Limits.exceeded(READS, f"{stream.arn}/{shard_id}"):
        raise Throttled
    found, last, behind = shard.after(int(after), min(self._get_param("Limit") or _ANSWER, _ANSWER))
    answer = {"Records": [record.to_json() for record in found], "MillisBehindLatest": behind}
    if shard.is_open or behind:
        answer["NextShardIterator"] = f"{name}/{shard_id}/{last}/{time.monotonic()}"
    return ActionResult(answer)


def _put_records(backend: Any, stream_arn: str, stream_name: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    if len(records) > 500:
        raise exceptions.TooManyRecords
    stream = backend.describe_stream(stream_arn, stream_name)
    put = [stream.put_or_not(record) for record in records]
    return {"FailedRecordCount": sum("ErrorCode" in one for one in put), "Records": put}


class _Quiet(WSGIRequestHandler):
    """Keeps its connections, and writes no line a request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        return


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--reads", type=int, default=Limits.reads)
    asked.add_argument("--writes", type=int, default=Limits.writes)
    asked.add_argument("--iterator", type=float, default=Limits.iterator_s)
    given = asked.parse_args()
    Limits.reads, Limits.writes, Limits.iterator_s = given.reads, given.writes, given.iterator
    moto: Any = models
    moto.Shard, moto.Stream = Shard, Stream
    moto.KinesisBackend.get_shard_iterator, moto.KinesisBackend.put_records = _iterator, _put_records
    answering: Any = responses.KinesisResponse
    answering.get_records = _get_records
    for service in ("kinesis", "dynamodb"):
        create_backend_app(service)  # else the first request waits for its import, longer than clients do
    app = _OneAtATime(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", given.port, app, threaded=True, request_handler=_Quiet)


class _OneAtATime:
    def __init__(self, app: Any) -> None:
        self._app = app
        self._lock = Lock()

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        with self._lock:
            return list(self._app(environ, start_response))


if __name__ == "__main__":
    main()
