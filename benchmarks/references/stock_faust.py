"""Stock Faust doing nothing: one agent over the same bytes that only notes each event's offset.

`python -m benchmarks.references.stock_faust SERVERS TOPIC GROUP ENDS`; prints a `Window`.
"""

import json
import sys
from tempfile import mkdtemp

import faust
from faust.types import StreamT

from benchmarks.references.window import tell_and_end


def main() -> None:
    """Faust's defaults, but for what it takes to read a topic from its beginning, and for its buffer.

    As delivered (4,096) its fetcher sleeps a second whenever the buffer is full, four fifths of the time.
    """
    servers, topic, group, ends = sys.argv[1:5]
    app = faust.App(
        group,
        broker=f"kafka://{servers}",
        datadir=mkdtemp(),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=1 << 20,
    )
    until = {int(partition): int(end) for partition, end in json.loads(ends).items()}
    positions = dict.fromkeys(until, 0)

    @app.agent(app.topic(topic, value_serializer="raw", key_serializer="raw"))
    async def nothing(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            positions[event.message.partition] = event.message.offset + 1

    tell_and_end(positions, until)
    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
