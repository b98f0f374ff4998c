"""More partitions under load, on real Kafka and Redis: the end is a clean run's, whatever is killed meanwhile."""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path

import pytest
from kafka import KafkaProducer

from contracts import events
from contracts.events import PartitionChange
from contracts.sharding import partition_of
from contracts.topics import EVENTS
from online.lake.folder import Folder
from online.lake.partitions import noted
from stream.look import look
from tests.stream.live import PARTITIONS, ROOT, Live, live
from tests.stream.test_worker import USERS, some_events

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.timeout(900)]
MORE = 2 * PARTITIONS
PATIENT_S = 300.0


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live(kafka, redis_url, namespace, tmp_path) as place:
        yield place


def scale(running: Live, *more: str, to: int = MORE) -> subprocess.Popen[str]:
    """The command, as an operator runs it."""
    variables = {k: v for k, v in environ.items() if not k.startswith("MOODSTREAM_")}
    return subprocess.Popen(
        [sys.executable, "-m", "moodstream", "topics", "scale", "--to", str(to), *more],
        cwd=ROOT,
        env={**variables, **running.settings.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(command: subprocess.Popen[str], within_s: float = PATIENT_S) -> tuple[int, str, str]:
    out, err = command.communicate(timeout=within_s)
    return command.returncode, out, err


@contextmanager
def load(running: Live, rng: random.Random) -> Iterator[None]:
    """Events all the time, from one producer that hears of more partitions soon and one that never does."""
    over = threading.Event()
    name = EVENTS.full_name(running.settings.namespace)

    def send() -> None:
        producer = KafkaProducer(bootstrap_servers=running.kafka, acks="all", metadata_max_age_ms=300)
        while not over.is_set():
            for event in some_events(rng, 10):
                if isinstance(event, bytes):
                    producer.send(name, event, b"poison")
                else:
                    old = partition_of(event.key, PARTITIONS) if rng.random() < 0.3 else None
                    producer.send(name, events.encode(event), event.key.encode(), partition=old)
            producer.flush()
            time.sleep(0.3)
        producer.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()


def until_noted(running: Live, number: int) -> None:
    deadline = time.monotonic() + PATIENT_S
    folder = Folder(running.settings.lake_url, running.settings.namespace)
    while noted(folder, running.ids[EVENTS], PARTITIONS).partitions[-1] != number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_more_partitions_under_load_lose_nothing_and_double_nothing_whatever_is_killed(running: Live) -> None:
    rng = random.Random(3)
    running.put_in_force(1)
    first, second = running.worker(), running.worker()
    running.send(some_events(rng, 100))
    running.wait_until_learned(PATIENT_S)
    with load(running, rng):
        cut_off = scale(running)
        time.sleep(rng.uniform(2.0, 4.0))  # at whatever it has come to
        cut_off.kill()
        cut_off.communicate()
        command = scale(running, "--json")
        until_noted(running, MORE)
        first.kill()  # while its shards are on their way
        running.partitions = MORE
        running.worker()
        code, out, err = said(command)
        assert code == 0, err + running.said()[-4000:]
        assert json.loads(out)["after"] == MORE
        time.sleep(2)
        second.kill()
        running.worker()
    running.wait_until_learned(PATIENT_S, swept=True)
    got, clean = running.learned(USERS)
    assert got == clean
    moved = [user for user in USERS if partition_of(user, MORE) >= PARTITIONS]
    assert any(got[user] for user in moved)

    again = said(scale(running, "--json"))
    assert again[0] == 0
    assert not json.loads(again[1])["changed"]


def test_a_lost_store_is_made_again_across_a_change(running: Live) -> None:
    rng = random.Random(4)
    running.put_in_force(1)
    worker = running.worker()
    running.send(some_events(rng, 200))
    running.wait_until_learned(PATIENT_S)
    assert said(scale(running))[0] == 0
    running.partitions = MORE
    running.send(some_events(rng, 200))
    running.wait_until_learned(PATIENT_S, swept=True)
    running.stop(worker)
    before, _ = running.learned(USERS)
    running.forget()
    running.worker()
    running.wait_until_learned(PATIENT_S, swept=True)
    after, clean = running.learned(USERS)
    assert after == clean == before


def test_what_cannot_be_is_refused_with_the_way_out(running: Live) -> None:
    for to, way_out in ((6, "a power of two"), (2, "Kafka takes none away"), (2048, "up to 1,024")):
        code, _, err = said(scale(running, to=to))
        assert code == 1
        assert way_out in err
    code, _, err = said(scale(running))
    assert code == 1
    assert "start the workers first" in err
    code, out, _ = said(scale(running, "--dry-run", "--json"))
    assert code == 0
    assert json.loads(out)["moving"] == 512
    assert len(look(running.settings).course.epochs) == 1


def test_a_control_record_is_no_event_that_anybody_may_send() -> None:
    raw = events.encode(PartitionChange(event_id="p", time=1, partitions=8))
    assert events.decode(raw) == PartitionChange(event_id="p", time=1, partitions=8)
    assert "PartitionChange" not in events.json_schema()["$defs"]
