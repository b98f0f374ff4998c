"""The program of docs/kinesis.md does what the page says, beside moto's server."""

import os
from pathlib import Path

from contracts import events
from documents.blocks import ROOT, blocks_of
from tests.aws.stream import Stream
from tests.documents.reader import Reader


def test_the_program_of_the_page_sends_its_event(clicks: Stream, tmp_path: Path) -> None:
    where = clicks.where
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    reader = Reader(
        tmp_path,
        {**aws, **({"AWS_ENDPOINT_URL": where.endpoint} if where.endpoint else {})},
        {'"clicks"': f'"{clicks.name}"', "eu-central-1": where.region or aws.get("AWS_DEFAULT_REGION", "eu-central-1")},
    )
    page = "docs/kinesis.md"
    (program,) = [block for block in blocks_of(page, (ROOT / page).read_text()) if block.language == "python"]
    reader.run(program, 60)
    assert [events.decode(raw) for raw in all_of(clicks)] == [
        events.Interaction(event_id="a1", time=1_795_003_200_000, user_id="me", item_id="50")
    ]


def all_of(stream: Stream) -> list[bytes]:
    """Every record that lies in the stream."""
    found: list[bytes] = []
    for shard in stream.shards():
        begin = {"StreamName": stream.name, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = stream.kinesis.get_shard_iterator(**begin)["ShardIterator"]
        found += [record["Data"] for record in stream.kinesis.get_records(ShardIterator=iterator)["Records"]]
    return found
