"""`moodstream topics`: the topics in Kafka, and more partitions for the events."""

from typing import Annotated

import typer

from moodstream.console import say
from moodstream.verbs import Json, settings

app = typer.Typer(invoke_without_command=True)


@app.callback()
def topics(context: typer.Context) -> None:
    """Create the topics in Kafka, and check that they are as the settings say.

    Example: MOODSTREAM_KAFKA=broker:9092 moodstream topics
    """
    if context.invoked_subcommand:
        return
    from contracts.topics import TOPICS
    from moodstream.local.operate import with_kafka
    from stream.topics import ensure

    there = with_kafka(settings())
    ensure(there.kafka or "", there.namespace, there.partitions, there.replication)
    say("\n".join(topic.full_name(there.namespace) for topic in TOPICS))


@app.command("scale")
def scale(
    to: Annotated[int, typer.Option("--to", help="How many there are to be: a power of two, up to 1,024.", min=1)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: Json = False,
) -> None:
    """Give the topic of events more partitions while it's learned from, so that more workers can be busy.

    Every worker learns up to a mark in its partitions and holds there; then each goes on with what is its own from now
    on. Learning waits for some seconds, answers go on. Nothing is lost and nothing comes twice, whatever is killed
    meanwhile: run the same command again, and it goes on where it was. Partitions can't be taken away again. See
    docs/runbooks/scale-partitions.md.

    Example: moodstream topics scale --to 16
    """
    from moodstream.scale.run import scale as scale_events

    scale_events(settings(), to, dry_run=dry_run, as_json=as_json)
