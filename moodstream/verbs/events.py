"""`moodstream events`: events into Kafka, and what flows there."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import Misconfigured
from contracts.events import json_schema
from moodstream.verbs import settings

app = typer.Typer(no_args_is_help=True, help="Events into Kafka, and what flows there.")


@app.command("send")
def send(
    file: Annotated[Path, typer.Argument(help="Events in the plain form: CSV, CSV.gz or Parquet.")],
    items: Annotated[Path | None, typer.Option(help="The catalogue in the plain form, sent first.")] = None,
    kinesis: Annotated[str, typer.Option(help="Into this Kinesis stream instead of Kafka, and don't wait.")] = "",
    region: Annotated[str, typer.Option(help="Its region, where boto3 doesn't find it.")] = "",
    endpoint: Annotated[str, typer.Option(help="Another address than AWS', such as LocalStack's.")] = "",
) -> None:
    """Send a file's events into Kafka, and wait until the stream has learned from them.

    Example: moodstream events send my-events.csv --items my-items.csv
    """
    from moodstream.events import send_file, send_into_kinesis
    from moodstream.local.operate import with_servers

    if kinesis:
        send_into_kinesis(kinesis, region, endpoint, file, items)
    elif region or endpoint:
        raise Misconfigured("--region and --endpoint are of a Kinesis stream: name it by --kinesis")
    else:
        send_file(with_servers(settings()), file, items)


@app.command("schema")
def schema(
    asyncapi: Annotated[bool, typer.Option("--asyncapi", help="Instead, the AsyncAPI document of all topics.")] = False,
) -> None:
    """Print the JSON Schema of all events that a producer may send.

    Example: moodstream events schema > events.schema.json
    """
    from moodstream.asyncapi import document

    print(json.dumps(document() if asyncapi else json_schema(), indent=2, ensure_ascii=False))


@app.command("tail")
def tail(
    topic: Annotated[str, typer.Option(help="events, enriched, items or dead-letter.")] = "events",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    last: Annotated[int, typer.Option(help="How many of each partition's newest records.")] = 10,
) -> None:
    """Print the newest records of a topic, one JSON object a line.

    Example: moodstream events tail --topic dead-letter
    """
    from moodstream.events import BY_NAME, tail
    from moodstream.local.operate import with_kafka

    if topic not in BY_NAME:
        raise Misconfigured(f"there is no topic {topic!r}: use one of {', '.join(BY_NAME)}")
    tail(with_kafka(settings()), BY_NAME[topic], follow=follow, last=last)
