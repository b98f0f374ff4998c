"""The worker on real Kafka and Redis: kills, rebalances and a store that goes back leave what a clean run leaves."""

import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
import redis

from contracts import events
from contracts.dead_letter import DeadLetter
from contracts.events import Erase, Interaction, ItemEvent, MoodEvent
from contracts.kinds import ORDER
from contracts.sharding import partition_of, user_shard
from contracts.topics import DEAD_LETTER, ENRICHED, EVENTS, ITEMS
from moodstream.local.ports import free_port
from online.lake.read import read_table
from tests.stream.gate import Gate
from tests.stream.live import PARTITIONS, Live, live

USERS = [f"u{number}" for number in range(40)]


@pytest.fixture
def running(kafka: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Live]:
    with live(kafka, redis_url, namespace, tmp_path) as place:
        yield place


def some_events(rng: random.Random, n: int) -> list[events.Record | bytes]:
    """Events of all users; every tenth is sent twice, now and then something else than an event lies between."""
    log: list[events.Record | bytes] = []
    for _ in range(n):
        name, user, time_ms = f"e{rng.getrandbits(60)}", rng.choice(USERS), 1_700_000_000_000 + rng.randrange(10**9)
        if rng.random() < 0.15:
            log.append(MoodEvent(event_id=name, time=time_ms, user_id=user, mood=rng.choice(("😀", "sad", "calm"))))
        else:
            item, kind = f"i{rng.randrange(35)}", rng.choice(ORDER)
            log.append(Interaction(event_id=name, time=time_ms, user_id=user, item_id=item, kind=kind))
        if rng.random() < 0.1:
            log.append(rng.choice(log[-20:]))
        if rng.random() < 0.02:
            log.append(b"no event")
    return log


def test_the_worker_learns_sets_aside_and_ends_well(running: Live) -> None:
    rng = random.Random(1)
    running.put_in_force(1)
    running.send(some_events(rng, 300))
    worker = running.worker()

    lost = Interaction(event_id="lost", time=5, user_id="u1", item_id="i1", kind="like")
    wrong = (partition_of("u1", PARTITIONS) + 1) % PARTITIONS
    running.send([lost], partition=wrong)
    running.send([ItemEvent(event_id="n", time=5, item_id="new", title="New")], partition=wrong)
    running.send([ItemEvent(event_id="m", time=5, item_id="other", title="Other"), b"no item"], topic=ITEMS)
    running.send([b"x" * 900_000, b'{"schema_version":7}'], partition=0)
    running.send([MoodEvent(event_id="strange", time=5, user_id="u2", mood="klonk")])
    running.send(some_events(rng, 200))
    running.until(lambda store: store.items(-1), lambda found: set(found[1]) == {"new", "other"})
    running.wait_until_learned()
    running.put_in_force(2)
    running.send([Erase(event_id="gone", time=6, user_id="u3")])
    running.send(some_events(rng, 50))
    running.wait_until_learned(swept=True)

    ends = {tp.partition: end for tp, end in running.ends().items()}
    deadline = time.monotonic() + 60
    while running.committed() != ends:
        assert time.monotonic() < deadline, running.said()
        time.sleep(0.2)
    assert running.stop(worker) < 10

    got, clean = running.learned(USERS)
    assert got == clean
    assert sum(raw.value == events.encode(lost) for raw in running.raws()) == 2

    letters = [msgspec.json.decode(record.value, type=DeadLetter) for record in running.records(DEAD_LETTER)]
    by_origin = {letter.origin: letter for letter in letters}
    sent = {f"events/{raw.partition}/{raw.offset}": raw.value for raw in running.raws()}
    assert {len(letter.raw) for letter in letters} >= {len(b"no event"), len(b"no item"), 512 * 1024}
    assert {letter.error for letter in letters} == {"InvalidEvent", "UnknownSchemaVersion"}
    assert any("klonk" in letter.reason for letter in letters)
    for origin, letter in by_origin.items():
        if letter.topic == EVENTS.name:
            assert sent[origin].startswith(letter.raw)
    assert sum(value == b"no event" for value in sent.values()) == sum(x.raw == b"no event" for x in by_origin.values())

    in_lake = read_table(running.settings.lake_url, running.settings.namespace, columns=("partition", "offset", "type"))
    changes = [row for row in in_lake.to_pylist() if row["type"] == "bundle"]
    assert len(changes) == 2 * PARTITIONS
    enriched = [msgspec.json.decode(record.value) for record in running.records(ENRICHED)]
    assert {(row["partition"], row["offset"]) for row in enriched} >= {
        (row["partition"], row["offset"]) for row in in_lake.to_pylist() if row not in changes
    }
    assert len(in_lake) > 400


def test_killed_workers_leave_what_a_clean_run_leaves(running: Live) -> None:
    rng = random.Random(2)
    running.put_in_force(1)
    for _ in range(2):
        worker = running.worker()
        running.send(some_events(rng, 300))
        running.until(lambda store: store.heartbeats(), bool)
        for _ in range(6):
            running.send(some_events(rng, 60))
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        running.send(some_events(rng, 20))
    worker = running.worker()
    running.wait_until_learned()
    running.stop(worker)
    got, clean = running.learned(USERS)
    assert got == clean


def test_workers_that_come_and_go_leave_what_a_clean_run_leaves(running: Live) -> None:
    rng = random.Random(3)
    running.put_in_force(1)
    first = running.worker()
    running.send(some_events(rng, 300))
    running.wait_until_learned()
    second = running.worker()
    deadline = time.monotonic() + 15
    while running.said().count("Resuming flow") < 3 and time.monotonic() < deadline:
        running.send(some_events(rng, 20))
        time.sleep(0.1)
    running.wait_until_learned()
    running.send(some_events(rng, 100))
    running.stop(first)
    running.send(some_events(rng, 100))
    running.wait_until_learned()
    running.stop(second)
    got, clean = running.learned(USERS)
    assert got == clean


def test_a_store_that_goes_back_is_noticed_and_repaired(running: Live, redis_url: str) -> None:
    rng = random.Random(4)
    running.put_in_force(1)
    worker = running.worker()
    running.send(some_events(rng, 200))
    running.wait_until_learned()
    with redis.Redis.from_url(redis_url) as client:
        shards = [f"{running.settings.namespace}:{{u{shard}}}:" for shard in shards_with_users(USERS[:10])]
        shards += [f"{running.settings.namespace}:{{i{shard}}}:" for shard in (0, 1, 2)]
        before = snapshot(client, shards)
        running.send(some_events(rng, 200))
        running.wait_until_learned()
        restore(client, shards, before)
        running.wait_until_learned(swept=True)  # noticed by itself, with nothing new in the log
        restore(client, shards, before)
        running.send(some_events(rng, 50))  # noticed by the next event of such a user
        running.wait_until_learned(swept=True)
    assert running.said().count("is read again") >= 2
    running.stop(worker)
    got, clean = running.learned(USERS)
    assert got == clean


def test_a_store_that_is_away_is_waited_for_and_holds_up_no_stop(running: Live, redis_url: str) -> None:
    rng = random.Random(5)
    address, port = urlsplit(redis_url), free_port(set())
    running.settings = msgspec.structs.replace(running.settings, stream_port=port)
    gate = Gate(address.hostname or "", address.port or 6379)
    try:
        worker = running.worker(f"redis://127.0.0.1:{gate.port}/0")
        running.put_in_force(1)
        running.send(some_events(rng, 100))
        running.wait_until_learned()
        gate.shut()
        for behind in (90, 180):  # the second hundred, too, though nothing is fetched any more
            running.send(some_events(rng, 100))
            lag(port, lambda events, behind=behind: events >= behind)  # type: ignore[misc]
        assert worker.poll() is None, running.said()
        gate.open()
        running.wait_until_learned()
        gate.shut()
        running.send(some_events(rng, 100))
        time.sleep(1)
        assert running.stop(worker) < 10
    finally:
        gate.close()
    worker = running.worker()
    running.wait_until_learned()
    running.stop(worker)
    got, clean = running.learned(USERS)
    assert got == clean


def test_behind_a_slow_store_the_worker_is_slow_says_how_far_behind_it_is_and_catches_up(
    running: Live, redis_url: str
) -> None:
    rng = random.Random(6)
    address, port = urlsplit(redis_url), free_port(set())
    running.settings = msgspec.structs.replace(running.settings, stream_port=port)
    gate = Gate(address.hostname or "", address.port or 6379)
    try:
        worker = running.worker(f"redis://127.0.0.1:{gate.port}/0")
        running.send(some_events(rng, 100))
        running.wait_until_learned()
        gate.delay_s = 0.05
        running.send(some_events(rng, 6000))
        behind = lag(port, lambda events: events > 3000)  # not before it has seen where the log ends
        lag(port, lambda events: events < behind)
        gate.delay_s = 0.0
        running.wait_until_learned()
        assert "is read again" not in running.said()
        assert worker.poll() is None
    finally:
        gate.close()


def lag(port: int, holds: Callable[[float], bool]) -> float:
    """How many events the worker says are yet to be learned, once it `holds`."""
    for _ in range(300):
        said = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text.splitlines()
        events = sum(float(line.split()[1]) for line in said if line.startswith("moodstream_lag_events{"))
        if holds(events):
            return events
        time.sleep(0.1)
    raise AssertionError(f"the lag stays at {events:g}")


def shards_with_users(users: Sequence[str]) -> set[int]:
    return {user_shard(user) for user in users}


def snapshot(client: "redis.Redis", prefixes: Sequence[str]) -> dict[bytes, bytes]:
    keys = [key for prefix in prefixes for key in client.scan_iter(f"{prefix}*", 1000)]
    return {key: client.dump(key) for key in keys}  # type: ignore[misc]


def restore(client: "redis.Redis", prefixes: Sequence[str], before: dict[bytes, bytes]) -> None:
    """All in one transaction, as a node that comes back has it."""
    with client.pipeline() as pipeline:
        for prefix in prefixes:
            for key in client.scan_iter(f"{prefix}*", 1000):
                pipeline.delete(key)
        for key, dumped in before.items():
            pipeline.restore(key, 0, dumped)
        pipeline.execute()
