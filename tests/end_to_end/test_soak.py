"""A soak of a few seconds: it sees all that it draws, and what it says was sent is in the log."""

import asyncio
import random

from benchmarks.load import Crowd
from benchmarks.soak import CHARTS, soak
from contracts import events
from contracts.events import Interaction
from contracts.topics import EVENTS
from online.kafka import partitions_of, reader
from tests.end_to_end.conftest import Loop

CROWD = Crowd([f"soaked{n}" for n in range(20)], ["i1", "i2", "i3"])


def clicked(loop: Loop) -> list[str]:
    """Who has clicked, by the log."""
    users = []
    with reader(loop.settings) as consumer:
        partitions = partitions_of(consumer, loop.settings, EVENTS.full_name(loop.settings.namespace))
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for records in consumer.poll(timeout_ms=500).values():
                found = [events.decode(record.value) for record in records]
                users += [one.user_id for one in found if isinstance(one, Interaction)]
    return [user for user in users if user.startswith("soaked")]


def test_a_soak_sees_all_that_it_draws_and_sends_what_it_says(loop: Loop) -> None:
    looks, sent = asyncio.run(soak(loop.settings, loop.client.address, CROWD, 40.0, 3.0, random.Random(0)))
    seen = {name: [value for _, value in looks[name]] for _, names, _ in CHARTS for name in names}
    assert all(len(values) == len(seen["lag"]) > 0 for values in seen.values())
    assert all(learned <= fresh for learned, fresh in zip(seen["learned ms"], seen["fresh ms"], strict=True))
    assert min(seen["stream MB"] + seen["serve MB"]) > 10
    assert sent.events > 0
    users = clicked(loop)
    assert len(users) == sent.events + len(seen["lag"])
    assert set(users) <= set(CROWD.users)
