"""The other way: our events into a Kinesis stream, a user's in their order, and again where it throttles."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from botocore.exceptions import BotoCoreError, ClientError

from contracts import events
from contracts.errors import Misconfigured, SourceGone, SourceUnavailable
from contracts.events import Event
from stream.sources.kinesis.aws import Where, client, named
from stream.sources.kinesis.patience import pauses

_RECORDS: Final = 500
_BYTES: Final = 4 * 1024 * 1024
"""A request takes 500 records and 5 MB."""
_AHEAD: Final = 5000
"""Events that are looked through for others than those of keys that are in a request already."""
_PATIENCE_S: Final = 60.0


class Sent(NamedTuple):
    """Where a record lies."""

    shard: str
    number: int
    """Its sequence number there."""


class KinesisSender:
    """Sends events as they are on the wire everywhere, `user_id` (of items `item_id`) being the partition key.

    `PutRecords` promises no order within a request and may take some records and refuse others. So a request holds one
    record of a key; what was refused is sent again before the key's next. A request that is answered by nobody is sent
    again as a whole: twice in the stream, with one id, and so with one effect.
    """

    def __init__(self, stream: str, where: Where = Where()) -> None:  # noqa: B008 - it's a tuple
        """Raises `Misconfigured`."""
        self._stream = stream
        self._client = client(where, "kinesis", 4)
        self.again = 0
        """How many records had to be sent again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def send(self, outgoing: Iterable[Event], told: Callable[[int], None] = lambda done: None) -> int:
        """Send in order, and return how many when all are in the stream; `told` hears how many are so far.

        Raises `SourceUnavailable` where the stream takes nothing for a minute (sending the same events again is
        harmless), `Misconfigured`.
        """
        done = 0
        for sent in self.put((event.key, events.encode(event)) for event in outgoing):
            done += len(sent)
            told(done)
        return done

    def put(self, records: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[bytes, Sent]]]:
        """Send (key, bytes) whatever they are, and give what each request brought into the stream, and where to."""
        left, coming = deque[tuple[str, bytes]](), iter(records)
        waits, deadline = pauses(), time.monotonic() + _PATIENCE_S
        while True:
            while len(left) < _AHEAD and (one := next(coming, None)) is not None:
                left.append(one)
            if not left:
                return
            some = _next(left)
            sent, refused, reason = self._ask(some)
            left.extendleft(reversed(refused))
            if sent:
                waits, deadline = pauses(), time.monotonic() + _PATIENCE_S
                yield sent
            if refused:
                self.again += len(refused)
                if time.monotonic() > deadline:
                    raise SourceUnavailable(f"Kinesis has taken nothing for {_PATIENCE_S:.0f} s: {reason}")
                time.sleep(next(waits))

    def _ask(self, some: Sequence[tuple[str, bytes]]) -> tuple[list[tuple[bytes, Sent]], list[tuple[str, bytes]], str]:
        """What the stream has taken, what it hasn't, and why."""
        records = [{"PartitionKey": key, "Data": data} for key, data in some]
        try:
            answer: dict[str, Any] = self._client.put_records(StreamName=self._stream, Records=records)
        except (ClientError, BotoCoreError) as error:
            what = named(error)
            if isinstance(what, SourceGone):
                raise Misconfigured(f"Kinesis has no stream {self._stream} in this region: {error}") from error
            if not isinstance(what, SourceUnavailable):
                raise what from error
            return [], list(some), str(error)
        pairs = list(zip(some, answer["Records"], strict=True))
        sent = [
            (one[1], Sent(told["ShardId"], int(told["SequenceNumber"]))) for one, told in pairs if "ShardId" in told
        ]
        refused = [(one, told["ErrorCode"]) for one, told in pairs if "ShardId" not in told]
        return sent, [one for one, _ in refused], ", ".join(sorted({code for _, code in refused}))


def _next(left: deque[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Take the records of the next request out of those that are left: of each key the first at most."""
    some: list[tuple[str, bytes]] = []
    passed_over: list[tuple[str, bytes]] = []
    keys: set[str] = set()
    size = 0
    while left and len(some) < _RECORDS and size < _BYTES:
        key, data = one = left.popleft()
        if key in keys:
            passed_over.append(one)
            continue
        keys.add(key)
        some.append(one)
        size += len(data) + len(key)
    left.extendleft(reversed(passed_over))
    return some
