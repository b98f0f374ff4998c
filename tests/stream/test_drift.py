"""A bent log through a worker on real Kafka and Redis: it alarms, and a worker that is killed leaves the same bytes."""

import asyncio
import json
import random
import signal
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import msgspec
import pytest
from threadpoolctl import threadpool_limits

from batch.bend.bend import bend
from batch.bend.told import Bend
from batch.prequential import records_of
from contracts.alarms import Alarm
from contracts.events import Interaction
from contracts.sharding import partition_of
from contracts.topics import ALARMS, EVENTS
from moodstream.drift import operate
from online.learn.bundles import Bundles
from online.learn.drift.block import Pace
from online.learn.enrich import Enricher
from online.learn.learner import Learner
from online.learn.outgoing import Raw
from online.store.memory import MemoryStore
from online.store.protocol import Calibrator
from tests.online.learn.logs import Box
from tests.stream.live import PARTITIONS, Live, live

USERS = tuple(islice((f"u{n}" for n in count() if partition_of(f"u{n}", PARTITIONS) == 0), 30))
START = 1_700_000_000_000
STEADY, BENT = 3_600, 1_200


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live(kafka, redis_url, namespace, tmp_path) as place:
        place.settings = msgspec.structs.replace(place.settings, drift_block_s=0)
        yield place


def bent_log() -> list[bytes]:
    """Of one partition; half of what comes after the first part is about items that nobody knows."""
    rng = random.Random(1)
    log = [
        Interaction(
            event_id=f"e{at}", time=START + 60_000 * at, user_id=rng.choice(USERS), item_id=f"i{rng.randrange(30)}"
        )
        for at in range(STEADY + BENT)
    ]
    return [raw.value for raw in bend(list(records_of(log)), [Bend("new-items", log[STEADY].time, 0.5)])]


async def learned_at_once(raws: Sequence[Raw], running: Live) -> tuple[Calibrator, list[Alarm]]:
    store, box = MemoryStore(), Box()
    pace = Pace.of(running.settings)
    learner = Learner(store, Bundles(running.shelf), Enricher(), box, PARTITIONS, lambda: 0, pace)
    await learner.assign(0, running.ids[EVENTS])
    await learner.learn(0, [raw for raw in raws if raw.partition == 0])
    await learner.sweep(0)
    sent = [msgspec.json.decode(out.value, type=Alarm) for out in box if out.topic is ALARMS]
    return await store.calibrator(0), sent


def test_a_drift_is_alarmed_and_explained_and_a_kill_changes_no_byte_of_it(
    running: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = bent_log()
    running.put_in_force(1)
    worker = running.worker()
    running.send(log[:2_000], partition=0)
    running.until(lambda store: store.heartbeats(), lambda beats: any(beat.position > 300 for beat in beats), 120)
    running.send(log[2_000:], partition=0)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker = running.worker()
    running.wait_until_learned(swept=True)
    running.until(lambda store: store.calibrator(0), lambda found: found.watermark.offset == len(log))
    running.stop(worker)

    with threadpool_limits(1):
        clean, expected = asyncio.run(learned_at_once(running.raws(), running))
    assert running.until(lambda store: store.calibrator(0), bool) == clean
    assert _alarms(running) == {alarm.alarm_id: alarm for alarm in expected}
    assert {alarm.about for alarm in expected} >= {"unknown-items", "unknown-items/known"}

    (alarm,) = [alarm for alarm in expected if alarm.about == "unknown-items"]
    capsys.readouterr()
    operate.explain(running.settings, alarm.alarm_id, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["signal"], said["detector"]) == ("unknown-items", alarm.detector)
    assert said["before"] < 0.01 < 0.2 < said["after"]
    assert int(said["examples"][-1][1:]) >= STEADY - 128
    operate.explain(running.settings, alarm.alarm_id, as_json=False)
    told = capsys.readouterr().out
    assert "unknown-items: the share of items that the bundle doesn't know" in told
    assert "moodstream nightly" in told
    operate.print_status(running.settings, as_json=True)
    status = json.loads(capsys.readouterr().out)
    states = {one["about"]: one["state"] for one in status["signals"]}
    assert (states["unknown-items"], states["kinds"], states["refused"]) == ("moved", "steady", "steady")
    operate.report(running.settings, tmp_path / "report")
    assert alarm.alarm_id in (tmp_path / "report" / "drift.html").read_text()


def _alarms(running: Live) -> dict[str, Alarm]:
    """Those in the topic by their ids: one that was sent again is the same."""
    found = [msgspec.json.decode(record.value, type=Alarm) for record in running.records(ALARMS)]
    by_id = {alarm.alarm_id: alarm for alarm in found}
    assert all(by_id[alarm.alarm_id] == alarm for alarm in found)
    return by_id
