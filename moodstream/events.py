"""`moodstream events`: a file's events into Kafka, and what flows there to the terminal."""

import time
from pathlib import Path
from typing import Final

import msgspec

from batch.dataset import read_events, read_items
from contracts.events import Event
from contracts.settings import Settings
from contracts.topics import TOPICS, Topic
from moodstream.console import bar, say
from moodstream.local.running import heartbeats
from moodstream.sending import send_and_learn
from online.kafka import partitions_of, reader

BY_NAME: Final[dict[str, Topic]] = {topic.name: topic for topic in TOPICS}


def send_file(settings: Settings, events: Path, items: Path | None) -> None:
    """Send a data set in the plain form, and wait until the stream has learned from it."""
    found = _read(events, items)
    with bar("learning", len(found), "events") as told:
        speed = send_and_learn(settings, found, lambda: heartbeats(settings), told)
    say(f"sent and learned {len(found):,} events, {speed:,.0f} a second")


def send_into_kinesis(stream: str, region: str, endpoint: str, events: Path, items: Path | None) -> None:
    """Send a data set in the plain form into a Kinesis stream; raises `SourceUnavailable`, `Misconfigured`."""
    from stream.sources.kinesis.aws import Where
    from stream.sources.kinesis.send import KinesisSender

    found = _read(events, items)
    with KinesisSender(stream, Where(region, endpoint)) as sender, bar("sending", len(found), "events") as told:
        sender.send(found, lambda done: told(done, ""))
    say(f"sent {len(found):,} events: moodstream source kinesis --stream {stream} hands them on to Kafka")


def _read(events: Path, items: Path | None) -> list[Event]:
    catalogue: list[Event] = [*read_items(items)] if items else []
    return [*catalogue, *read_events(events)]


def tail(settings: Settings, topic: Topic, *, follow: bool, last: int) -> None:
    """Print a topic's newest records, one JSON object a line, and with `follow` what comes until Ctrl-C.

    Raises `KafkaUnavailable`, `Misconfigured`.
    """
    with reader(settings) as consumer:
        partitions = partitions_of(consumer, settings, topic.full_name(settings.namespace))
        consumer.assign(partitions)
        starts, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, max(starts[partition], ends[partition] - last))
        deadline = time.monotonic() + 2
        while follow or time.monotonic() < deadline:
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    print(_line(record.partition, record.offset, record.timestamp, record.value), flush=True)
            if not follow and all(consumer.position(partition) >= ends[partition] for partition in partitions):
                return


def _line(partition: int, offset: int, timestamp: int, value: bytes) -> str:
    """The record as JSON, whatever its bytes are."""
    try:
        content: object = msgspec.json.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        content = {"raw": value.decode("utf-8", "replace")}
    line = {"partition": partition, "offset": offset, "arrival": timestamp, "value": content}
    return msgspec.json.encode(line).decode()
