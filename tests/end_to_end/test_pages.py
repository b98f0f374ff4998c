"""The pages' blocks run, as somebody would run them who has a stack up: in a page's order, in a folder of their own."""

import time
from pathlib import Path

import pytest
from kafka import KafkaProducer

from contracts.events import ItemEvent
from contracts.topics import DEAD_LETTER, EVENTS
from documents.blocks import blocks, blocks_of
from online.kafka import partitions_of, reader, to_the_end
from tests.documents.reader import Reader, assert_printed, is_run
from tests.end_to_end.conftest import Loop
from tests.end_to_end.test_loop import eventually

PAGES = sorted({block.page for block in blocks() if is_run(block)})
NAMED = ("50", "172", "181", "t4")
BAD = b'{"type":"mood","event_id":"m1","time":1795320000000,"user_id":"me","mood":"joyfull"}'


@pytest.fixture(scope="module")
def letter(loop: Loop) -> str:
    """The origin of a dead letter; the items of the pages are known then, too."""
    now = int(time.time() * 1000)
    loop.client.post([ItemEvent(event_id=one, time=now, item_id=one, title=f"No. {one}") for one in NAMED])
    producer = KafkaProducer(bootstrap_servers=loop.settings.kafka)
    producer.send(EVENTS.full_name(loop.settings.namespace), key=b"me", value=BAD).get()
    producer.close()
    found: list[str] = []

    def arrived() -> bool:
        found.extend(_letters(loop))
        return bool(found)

    eventually(arrived)
    return found[0]


@pytest.fixture
def somebody(loop: Loop, letter: str, tmp_path: Path) -> Reader:
    """Who has all of it running, in a folder of their own."""
    settings = loop.settings
    instead = {
        "localhost:8080": f"127.0.0.1:{settings.api_port}",
        "127.0.0.1:9092": settings.kafka or "",
        '"moodstream.events"': f'"{EVENTS.full_name(settings.namespace)}"',
        "events/2/1234": letter,
    }
    return Reader(tmp_path, settings.environment(), instead)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES)
def test_the_page_runs(page: str, somebody: Reader) -> None:
    assert somebody.follow(page)


def test_what_a_page_says_is_printed_is_looked_for() -> None:
    (block,) = blocks_of("", "```text\nname   value\n…\nseen at … today\n```\n")
    assert_printed(block, "x\nname value\nmuch\nseen at 10:00 today\n")
    for wrong in ("name valu\nseen at 1 today", "seen at 1 today\nname value", "name value\nseen at"):
        with pytest.raises(AssertionError, match="wasn't printed there"):
            assert_printed(block, wrong)


def _letters(loop: Loop) -> list[str]:
    """The origins of the letters of `BAD`, which their reasons name."""
    with reader(loop.settings) as consumer:
        partitions = partitions_of(consumer, loop.settings, DEAD_LETTER.full_name(loop.settings.namespace))
        consumer.assign(partitions)
        starts, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        records = list(to_the_end(consumer, starts, ends))
    return [str(record.key.decode()) for record in records if b"joyfull" in record.value]
