"""Kafka, the lake and a file that hold the same events are the same log, and end in the same states."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from batch.digest import digest_of
from batch.replay import Replay
from contracts import events
from contracts.errors import Misconfigured
from contracts.events import Interaction
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.replay.from_file import from_file
from moodstream.replay.from_kafka import from_kafka
from moodstream.replay.from_lake import from_lake
from moodstream.replay.source import source_of
from online.learn.outgoing import Raw
from tests.moodstream.replay.world import BUNDLES, START, some_log
from tests.stream.live import Live, live
from tests.stream.test_worker import some_events

pytestmark = [pytest.mark.timeout(600)]


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live(kafka, redis_url, namespace, tmp_path) as place:
        yield place


def digest(log: Sequence[Raw]) -> str:
    async def run() -> str:
        replay = await Replay.on(BUNDLES[0])
        await replay.take(log)
        return await digest_of(replay.store)

    return asyncio.run(run())


async def log_end(running: Live) -> int:
    """How many records there are: the stream has sent three of them to the right partition."""
    return sum(running.ends().values())


def values(log: Sequence[Raw]) -> list[bytes]:
    return [raw.value for raw in log]


def test_what_the_stream_took_from_kafka_into_the_lake_is_the_same_log(running: Live) -> None:
    rng, settings = random.Random(3), running.settings
    running.put_in_force(1)
    running.send([*some_log(150), *some_events(rng, 150)])
    ends = sum(running.ends().values())
    worker = running.worker()
    lost = Interaction(event_id="lost", time=5, user_id="u1", item_id="i1", kind="like")
    for partition in range(4):  # three of them misplaced
        running.send([lost], partition=partition)
    running.put_in_force(2)
    running.send(some_log(60, seed=9))
    running.until(lambda store: log_end(running), lambda end: end == ends + 4 + 3 + 4 + 60)
    running.wait_until_learned()
    running.stop(worker)
    topic = EVENTS.full_name(settings.namespace)

    whole = list(from_kafka(settings, topic, None, None))
    kept = list(from_lake(settings.lake_url, settings.namespace, None, None))
    assert digest(whole) == digest(kept)
    assert not [raw for raw in whole if b'"bundle"' in raw.value and b"rollout" in raw.value]
    assert [raw.time for raw in whole] == sorted(raw.time for raw in whole)

    since, until = whole[100].time, whole[-30].time
    part = list(from_kafka(settings, topic, since, until))
    assert part == [raw for raw in whole if since <= raw.time < until]
    assert 0 < len(part) < len(whole)
    assert digest(part) == digest(list(from_lake(settings.lake_url, settings.namespace, since, until)))
    assert list(from_kafka(settings, topic, whole[-1].time + 1, None)) == []


def test_many_records_of_uneven_partitions_come_in_order_however_few_may_wait(
    running: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moodstream.replay.from_kafka._AHEAD", 50)
    many = [
        Interaction(event_id=f"m{n}", time=START, user_id="one" if n % 5 else f"u{n}", item_id=f"i{n}")
        for n in range(3000)
    ]
    running.send(many)
    found = list(from_kafka(running.settings, EVENTS.full_name(running.settings.namespace), None, None))
    assert sorted(values(found)) == sorted(values(running.raws()))
    assert [(raw.time, raw.partition) for raw in found] == sorted((raw.time, raw.partition) for raw in found)
    for partition in range(4):
        offsets = [raw.offset for raw in found if raw.partition == partition]
        assert offsets == sorted(offsets)


def test_a_file_sent_into_kafka_is_the_same_log_up_to_what_lay_beside_each_other(running: Live, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    clicks = [one for one in some_log() if isinstance(one, Interaction)]
    rows = [f"{one.user_id},{one.item_id},{one.time},like,,Graz" for one in clicks]
    path.write_text("\n".join(["user_id,item_id,timestamp,kind,value,place", *rows]))
    log = list(from_file(path, None, None))
    running.send([events.decode(raw.value) for raw in log])
    sent = list(from_kafka(running.settings, EVENTS.full_name(running.settings.namespace), None, None))
    assert sorted(values(sent)) == sorted(values(log))
    assert digest(sent) == digest(log)
    assert [raw.time for raw in log] == [one.time for one in clicks]
    assert list(from_file(path, clicks[3].time, clicks[9].time)) != log[3:9]  # numbered anew
    assert values(list(from_file(path, clicks[3].time, clicks[9].time))) == values(log)[3:9]


def test_what_is_not_there_or_no_log_is_said_with_the_way_out(kafka: str, namespace: str, tmp_path: Path) -> None:
    settings = Settings(kafka=kafka, namespace=namespace, home=tmp_path)
    with pytest.raises(Misconfigured, match="has no topic"):
        list(from_kafka(settings, f"{namespace}.events", None, None))
    with pytest.raises(Misconfigured, match="MOODSTREAM_NAMESPACE"):
        list(from_lake(str(tmp_path), namespace, None, None))
    with pytest.raises(Misconfigured, match="only events"):
        source_of(settings, "dead-letter", "", None)
    with pytest.raises(Misconfigured, match="exclude each other"):
        source_of(settings, "events", "lake", None)
    assert source_of(settings, "", "", None).place == f"{namespace}.events"
    assert source_of(settings, "other.events", "", None).place == "other.events"
