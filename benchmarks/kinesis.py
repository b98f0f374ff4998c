"""What handing a Kinesis record on to Kafka costs the adapter: `make bench-kinesis`.

Made-up events lie in four shards of moto's server, which is told to know no limits; one adapter hands them on to a
real Kafka. Counted is the adapter's CPU time, from the first look that found something handed on to the last record;
seconds are told, too, but are moto's more than ours: it answers in Python.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.event_log import made_up
from benchmarks.filled import servers
from contracts.settings import Settings
from moodstream.console import bar, say
from moodstream.local.ports import LOOPBACK, free_port
from stream.sources.kinesis.aws import Where
from stream.sources.kinesis.send import KinesisSender
from tests.aws.given import REGION, as_anybody, moto_service
from tests.aws.stream import Stream
from tests.faults.servers import Server, wait_until

EVENTS: Final = 40_000
_SHARDS: Final = 4
_NAME: Final = "bench"


def main() -> None:
    asked = argparse.ArgumentParser(prog="make bench-kinesis", description=__doc__)
    asked.add_argument("--events", type=int, default=EVENTS)
    given = asked.parse_args()
    as_anybody()
    with servers(say) as stack:
        port = free_port(set())
        moto = Server(moto_service(stack.home.path / "moto.log", port, "--reads", "0", "--writes", "0"))
        moto.start()
        try:
            stream = _filled(Where(REGION, f"http://{LOOPBACK}:{port}"), given.events)
            _measure(Settings(kafka=stack.kafka, home=stack.home.path, namespace=_NAME), stream, given.events)
        finally:
            moto.kill()


def _filled(where: Where, count: int) -> Stream:
    stream = Stream(where, _NAME)
    stream.make(_SHARDS)
    with KinesisSender(_NAME, where) as sender, bar("filling", count, "records") as told:
        sender.send(made_up(count), lambda done: told(done, ""))
    return stream


def _measure(settings: Settings, stream: Stream, count: int) -> None:
    port = free_port(set())
    command = [sys.executable, "-m", "moodstream", "source", "kinesis", "--stream", stream.name, "--port", str(port)]
    command += ["--region", stream.where.region, "--endpoint", stream.where.endpoint, "--from", "trim-horizon"]
    log = Path(settings.home / "adapter.log")
    with log.open("wb") as file:
        adapter = psutil.Popen(
            command, env={**os.environ, **settings.environment()}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: _handed_on(port) > 0, "the first record to be handed on")
        before, worked, began = _handed_on(port), _worked(adapter), time.monotonic()
        wait_until(lambda: _handed_on(port) >= count, "all records to be handed on", 300)
        records, seconds, took = count - before, time.monotonic() - began, _worked(adapter) - worked
        memory = adapter.memory_info().rss / 2**20
        say(f"{1e6 * took / records:.0f} CPU µs a record, {records / seconds:,.0f} records a second, {memory:.0f} MB")
    finally:
        adapter.terminate()
        adapter.wait()


def _handed_on(port: int) -> int:
    try:
        text = httpx.get(f"http://{LOOPBACK}:{port}/metrics").text
    except httpx.HTTPError:
        return 0
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return sum(int(one.value) for one in samples if one.labels.get("outcome") == "handed on")


def _worked(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
