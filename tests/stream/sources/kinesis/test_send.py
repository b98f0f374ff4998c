"""Events into Kinesis: all of them, each user's in order, whatever the stream refuses."""

from itertools import repeat
from typing import Any

import pytest

from contracts import events
from contracts.errors import Misconfigured, SourceUnavailable
from contracts.events import Event
from stream.sources.kinesis import send as sending
from stream.sources.kinesis.aws import Where
from stream.sources.kinesis.send import KinesisSender
from tests.aws.stream import stream
from tests.fakes.kinesis import Kinesis
from tests.stream.sources.kinesis.clicking import clicks_of
from tests.stream.sources.kinesis.processes import in_order


class Partly:
    """Takes every third record of a request, and refuses the others."""

    def __init__(self) -> None:
        self.taken: list[Event] = []
        self.requests: list[list[str]] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS' names
        self.requests.append([record["PartitionKey"] for record in Records])
        told: list[dict[str, Any]] = []
        for at, record in enumerate(Records):
            if (at + len(self.requests)) % 3:
                told.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"})
                continue
            self.taken.append(events.decode(record["Data"]))  # type: ignore[arg-type]
            told.append({"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-000000000000"})
        return {"FailedRecordCount": 0, "Records": told}

    def close(self) -> None:
        return


@pytest.fixture
def sender(where: Where, monkeypatch: pytest.MonkeyPatch) -> KinesisSender:
    monkeypatch.setattr(sending, "pauses", lambda: repeat(0.0))
    return KinesisSender("clicks", where)


def test_what_is_refused_is_sent_again_before_the_users_next(sender: KinesisSender) -> None:
    sender._client = partly = Partly()
    sent, told = clicks_of(40, 700), list[int]()
    assert sender.send(sent, told.append) == 700
    assert in_order(partly.taken) == in_order(sent)
    assert all(len(set(keys)) == len(keys) for keys in partly.requests)
    assert told[-1] == 700
    assert sender.again > 700


def test_a_request_stays_within_what_kinesis_takes(sender: KinesisSender) -> None:
    sender._client = partly = Partly()
    assert sender.send(clicks_of(2000, 2000)) == 2000
    assert max(map(len, partly.requests)) == 500

    partly.requests.clear()
    large = events.encode(clicks_of(1, 1)[0])[:-1] + b',"further":"' + b"x" * (sending._BYTES // 70) + b'"}'
    assert sum(map(len, sender.put((f"u{at}", large) for at in range(200)))) == 200
    assert 60 <= max(map(len, partly.requests)) <= 71


def test_a_stream_that_takes_nothing_is_told_of(sender: KinesisSender, monkeypatch: pytest.MonkeyPatch) -> None:
    kinesis = Kinesis(sender._client)
    kinesis.fail("put_records", *["InternalFailure"] * 100_000)
    sender._client = kinesis
    monkeypatch.setattr(sending, "_PATIENCE_S", 0.05)
    with pytest.raises(SourceUnavailable, match="nothing"):
        sender.send(clicks_of(1, 1))


def test_a_stream_that_isnt_there_is_told_of_at_once(where: Where, namespace: str) -> None:
    with KinesisSender(namespace, where) as sender, pytest.raises(Misconfigured, match=f"no stream {namespace}"):
        sender.send(clicks_of(1, 1))


def test_more_than_a_shard_takes_a_second_arrives_all_the_same(where: Where, namespace: str) -> None:
    with stream(where, namespace, 1) as clicks, KinesisSender(clicks.name, where) as sender:
        assert sender.send(clicks_of(3000, 3000)) == 3000
        assert sender.again or not where.endpoint  # AWS may be too far away to be asked too often
