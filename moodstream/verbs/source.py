"""`moodstream source`: events from elsewhere into the topics that everything is learned from."""

from typing import Annotated

import typer

from moodstream.verbs import settings

app = typer.Typer(no_args_is_help=True, help="Events from elsewhere into Kafka.")


@app.callback()
def source() -> None:
    """Events from elsewhere into Kafka."""


@app.command("kinesis")
def kinesis(
    stream: Annotated[str, typer.Option(help="The Kinesis stream's name.")],
    region: Annotated[str, typer.Option(help="AWS' region; as boto3 finds it otherwise.")] = "",
    endpoint: Annotated[str, typer.Option(help="Another address than AWS', such as LocalStack's.")] = "",
    table: Annotated[
        str, typer.Option(help="The DynamoDB table of leases and checkpoints; <namespace>.kinesis.<stream> otherwise.")
    ] = "",
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            help="Where to begin what was never read: latest, trim-horizon, or a time: 2026-11-22T09:30 (UTC).",
        ),
    ] = "latest",
    shards: Annotated[int, typer.Option(help="At most so many shards are read by this adapter.", min=1, max=1000)] = 64,
    lease: Annotated[
        float,
        typer.Option(help="Seconds after which the shards of an adapter that died are taken over.", min=1, max=300),
    ] = 10.0,
    port: Annotated[int, typer.Option(help="Where Prometheus reads /metrics; nowhere without it.")] = 0,
    host: Annotated[str, typer.Option(help="And at which address.")] = "127.0.0.1",
) -> None:
    """Hand a Kinesis stream's events on to Kafka until SIGTERM; run several, and they share the shards.

    A record is an event as Kafka has it (moodstream events schema); partition key: the user's id, so that a user's
    events keep their order. One without `event_id` or `time` gets an id made of its place in the stream, and its
    arrival's time. What is no event goes to the dead letters: moodstream dead-letters list --topic kinesis:STREAM.

    Credentials are found as boto3 finds them (AWS_ACCESS_KEY_ID …, AWS_PROFILE, a role). A DynamoDB table keeps who
    reads which shard, and how far: it's made if it isn't there, and --from counts only until then. An adapter that is
    told to end gives its shards away at once; one that dies loses them after --lease seconds, and what it had handed on
    since its last checkpoint (a second ago, as a rule) comes again, with the same ids and so with no second effect.

    Split and merged shards are read to their end before their children. While Kafka is away nothing is read. See
    docs/kinesis.md.

    Example: moodstream source kinesis --stream clicks --region eu-central-1 --from trim-horizon
    """
    from moodstream.local.operate import with_kafka
    from stream.sources.kinesis.aws import Where
    from stream.sources.kinesis.run import Asked, run

    asked = Asked(
        stream=stream,
        where=Where(region, endpoint),
        table=table,
        start=from_,
        lasts_s=lease,
        at_most=shards,
        host=host,
        port=port,
    )
    run(with_kafka(settings()), asked)
