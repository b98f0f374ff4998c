"""A bare aiokafka loop: fetch by `getmany`, decode each record by the product's own decoder, note its offset.

`python -m benchmarks.references.aiokafka_loop SERVERS TOPIC GROUP ENDS [LAPS]`; prints a `Window`. It's so fast that it
reads the topic several times over, for a window long enough to measure.
"""

import asyncio
import json
import sys
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.references.window import tell_and_end
from contracts import events


async def read(servers: str, topic: str, group: str, ends: Mapping[int, int], laps: int) -> None:
    """Read the topic so many times; what it notes are offsets as if the laps lay behind each other in the log."""
    before, positions = dict.fromkeys(ends, 0), dict.fromkeys(ends, 0)
    tell_and_end(positions, {partition: laps * end for partition, end in ends.items()})
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest", max_poll_records=500
    ) as consumer:
        while any(positions[partition] < laps * end for partition, end in ends.items()):
            for tp, records in (await consumer.getmany(timeout_ms=100)).items():
                for record in records:
                    events.decode(record.value)
                    positions[tp.partition] = before[tp.partition] + record.offset + 1
                if records[-1].offset + 1 == ends[tp.partition]:
                    before[tp.partition] += ends[tp.partition]
                    consumer.seek(TopicPartition(topic, tp.partition), 0)
    await asyncio.sleep(1)  # the watch looks once more


def main() -> None:
    """The arguments are `stock_faust`'s, and how often to read all."""
    servers, topic, group, ends, *more = sys.argv[1:]
    until = {int(partition): int(end) for partition, end in json.loads(ends).items()}
    asyncio.run(read(servers, topic, group, until, int(*more or ["1"])))


if __name__ == "__main__":
    main()
