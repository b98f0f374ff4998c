"""Poison in Kinesis: dead letters with their origin, which the command line shows and sends again."""

import msgspec
from typer.testing import CliRunner

from contracts import events
from contracts.settings import Settings
from contracts.topics import DEAD_LETTER
from moodstream.cli import app
from stream.sources.kinesis.shards import number_of
from tests.aws.stream import Stream
from tests.stream.sources.kinesis.clicking import clicks_of
from tests.stream.sources.kinesis.packed import packed
from tests.stream.sources.kinesis.processes import CALM, Adapters


def test_poison_stops_nothing_and_can_be_mended_and_sent_again(
    clicks: Stream, adapters: Adapters, settings: Settings
) -> None:
    before, after, inside = (events.encode(event) for event in clicks_of(1, 3))
    clicks.put("u0", before)
    wrong = clicks.put("u0", b'{"type":"interaction","event_id":"wrong","time":1,"user_id":"u0"}')
    clicks.put("u0", packed([("u0", b"poison"), ("u0", inside)]))
    clicks.put("u0", after)
    adapters.start(*CALM)
    adapters.wait_for(3)
    adapters.wait_until(lambda: len({record.key for record in adapters.seen[DEAD_LETTER]}) == 2)
    letter = f"kinesis:{clicks.name}/{number_of(wrong[0])}/{wrong[1]}"
    runner, environment = CliRunner(env=settings.environment()), settings.environment()

    listed = runner.invoke(
        app, ["dead-letters", "list", "--topic", f"kinesis:{clicks.name}", "--json"], env=environment
    )
    letters = {one["id"]: one for one in msgspec.json.decode(listed.stdout)}
    assert len(letters) == 2
    assert letters[letter]["event"]["event_id"] == "wrong"
    assert "item_id" in letters[letter]["reason"]

    mended = settings.home / "mended.jsonl"
    event = {"type": "interaction", "event_id": "wrong", "time": 1, "user_id": "u0", "item_id": "50"}
    mended.write_bytes(msgspec.json.encode({"id": letter, "event": event}))
    retried = runner.invoke(app, ["dead-letters", "retry", "--repaired", str(mended)], env=environment)
    assert retried.exit_code == 0, retried.output
    adapters.wait_for(4)
    assert adapters.ids()[-1] == "wrong"
