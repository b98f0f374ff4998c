"""Events a second through `POST /v1/events`, each acknowledged by Kafka: `python -m benchmarks.posts`.

Batches of a hundred to one process of the API, several under way at once, beside a bare aiokafka producer that sends
the same bytes with the same number of batches under way and waits for each (acks=all). Both write to a topic that
nobody reads, while the stream learns so many clicks a second of another one.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer

from benchmarks.generator import Generator, Heard, Plan, figures, request
from benchmarks.load import Crowd, Load, clicks
from benchmarks.machine import between, look
from benchmarks.stage import Stage, api, arguments, free_addresses, staged, world_of
from contracts import events
from contracts.topics import EVENTS
from moodstream.console import say
from moodstream.written import write_json
from stream import topics

BATCH: Final = 100
UNDER_WAY: Final = 4
_BATCHES: Final = 1000
"""Different ones; then they come again, which neither the API nor Kafka looks at."""
_ACCEPTED: Final = b'"accepted"'
_NAMESPACE: Final = "posted"

Record = tuple[bytes, bytes]
"""Key and value."""


class Wrote(NamedTuple):
    """What one way of writing did."""

    per_s: float
    """Events acknowledged."""
    cores: float
    """Taken by the process that hands them to Kafka."""


def batches(crowd: Crowd, count: int = _BATCHES) -> list[list[events.Event]]:
    """Clicks of the log's users, as of now."""
    source = clicks(crowd, random.Random(3))
    return [list(islice(source, BATCH)) for _ in range(count)]


def posted(heard: Heard) -> float:
    """Events a second that were said to be accepted."""
    return heard.marks.get(_ACCEPTED, 0) / heard.seconds


def bare(servers: str, topic: str, records: Sequence[Sequence[Record]], under_way: int, seconds: float) -> Wrote:
    """The reference, in a process of its own: hand a batch over, wait until Kafka has all of it, and so on."""
    return asyncio.run(_produce(servers, topic, records, under_way, seconds))


async def _produce(
    servers: str, topic: str, records: Sequence[Sequence[Record]], under_way: int, seconds: float
) -> Wrote:
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers.split(","), acks="all")
    await producer.start()
    sent = 0

    async def write(first: int) -> None:
        nonlocal sent
        number = first
        while time.monotonic() < end:
            batch = records[number % len(records)]
            await asyncio.gather(*[await producer.send(topic, value, key) for key, value in batch])
            sent += len(batch)
            number += under_way

    try:
        await producer.send_and_wait(topic, *reversed(records[0][0]))
        began, worked = time.monotonic(), time.process_time()
        end = began + seconds
        await asyncio.gather(*map(write, range(under_way)))
        passed = time.monotonic() - began
        return Wrote(sent / passed, (time.process_time() - worked) / passed)
    finally:
        await producer.stop()


def measure(stage: Stage, rate: float, seconds: float, repeats: int, under_way: int) -> dict[str, Any]:
    """The API and the bare producer in turn, as fast as they go; then the API at a constant rate."""
    settings = msgspec.structs.replace(stage.settings, namespace=_NAMESPACE)
    topic = EVENTS.full_name(settings.namespace)
    topics.ensure(settings.kafka or "", settings.namespace, settings.partitions, settings.replication)
    (address,) = free_addresses(1)
    stage.stack.stack.add_all([api(stage.stack, "posted", address, settings)])
    made = batches(stage.crowd)
    records = [[(one.key.encode(), events.encode(one)) for one in batch] for batch in made]
    asked = [request("POST", "/v1/events", msgspec.json.encode(batch)) for batch in made]
    plan = Plan([address], asked, seconds, lines=under_way, marks=[_ACCEPTED])
    ours, theirs, found = list[Wrote](), list[Wrote](), list[dict[str, float]]()
    with Generator() as generator, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        generator.run(plan._replace(seconds=2))
        for number in range(repeats):
            first = look(stage.processes())
            heard = generator.run(plan)
            found.append(between(first, look(stage.processes())))
            ours.append(Wrote(posted(heard), found[-1]["posted"]))
            theirs.append(pool.submit(bare, settings.kafka or "", topic, records, under_way, seconds).result())
            say(f"{number + 1}/{repeats}: posted {ours[-1].per_s:,.0f}, bare {theirs[-1].per_s:,.0f} events a second")
        steady = generator.run(plan._replace(rate=rate / BATCH, lines=2 * under_way))
    return {
        "posted_per_s": [round(one.per_s) for one in ours],
        "bare_per_s": [round(one.per_s) for one in theirs],
        "posted_per_s_median": round(statistics.median(one.per_s for one in ours)),
        "ratio": round(statistics.median(a.per_s / b.per_s for a, b in zip(ours, theirs, strict=True)), 3),
        "posted_cpu_us_an_event": round(1e6 * statistics.median(one.cores / max(one.per_s, 1) for one in ours), 1),
        "bare_cpu_us_an_event": round(1e6 * statistics.median(one.cores / max(one.per_s, 1) for one in theirs), 1),
        "bytes_an_event": round(statistics.mean(len(value) for batch in records for _, value in batch)),
        "cores": {name: round(statistics.mean(one[name] for one in found), 3) for name in found[0]},
        "steady": {"events_per_s": rate, "acknowledged_per_s": round(posted(steady)), **figures(steady)},
    }


def main() -> None:
    """Set the stage, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--seconds", type=float, default=8, help="of each run")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--under-way", type=int, default=UNDER_WAY, help="batches at once")
    parser.add_argument("--rate", type=float, default=5000, help="events a second of the constant rate")
    parser.add_argument("--clicks", type=float, default=1000, help="a second that the stream learns beside it")
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    with (
        staged(world_of(chosen), chosen.home, servers=0, hellos=0) as stage,
        Load(stage.settings, stage.crowd, chosen.clicks) as load,
    ):
        said = measure(stage, chosen.rate, chosen.seconds, chosen.repeats, chosen.under_way)
        said["clicks"] = load.stop()._asdict()
    print(json.dumps(said, indent=2))
    write_json(chosen.json, said)


if __name__ == "__main__":
    main()
