"""The command line: thin, one verb a job; every verb has an example, and says what to do next when it fails."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from contracts import settings as configuration
from contracts.errors import Misconfigured, MoodstreamError
from contracts.events import json_schema
from contracts.settings import Settings
from moodstream.console import say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A streaming, online-learning recommender: a click or a mood changes the very next recommendation.",
    epilog="Start with: moodstream demo",
)
data = typer.Typer(no_args_is_help=True, help="Data sets in the plain form.")
events = typer.Typer(no_args_is_help=True, help="Events into Kafka, and what flows there.")
app.add_typer(data, name="data")
app.add_typer(events, name="events")
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


def main() -> None:
    """Run a verb; an error of ours is one line and exit code 1."""
    # torch's threads wait for each other asleep: where cores are busy, spinning made training up to twice as slow
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except MoodstreamError as error:
        print(f"moodstream: {error}", file=sys.stderr)
        sys.exit(1)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="End after the show, with exit code 0.")] = False,
    user: Annotated[str, typer.Option(help="Whose recommendations to watch; one is picked by --seed otherwise.")] = "",
    items: Annotated[str, typer.Option(help="What the user clicks: item ids, joined by commas.")] = "",
    mood: Annotated[str, typer.Option(help="What the user feels: an emoji or a word.")] = "😢",
    seed: Annotated[int, typer.Option(help="Which user is picked.")] = 7,
) -> None:
    """Watch two clicks and a mood change the next recommendation, on real Kafka and Redis.

    Example: moodstream demo --mood 🤩 --items 50,172 --once
    """
    from moodstream.local.demo import run

    run(_settings(), once=once, user=user, items=[item for item in items.split(",") if item], mood=mood, seed=seed)


@app.command()
def up() -> None:
    """Bring up Kafka, Redis, the stream worker and the API, and keep them up until Ctrl-C.

    Example: MOODSTREAM_API_PORT=8080 moodstream up
    """
    from moodstream.local.running import running

    with running(_settings(), say) as stack:
        stack.start_workers()
        say(f"up: the API at {stack.api} (its pages: {stack.api}/docs), Kafka at {stack.settings.kafka}")
        say("Ctrl-C stops everything")
        stack.stack.wait()


@app.command()
def down(
    purge: Annotated[bool, typer.Option(help="Also delete the stack's data: Kafka, Redis, lake, bundles.")] = False,
) -> None:
    """Stop what `up` or `demo` runs here.

    Example: moodstream down --purge
    """
    from moodstream.local.operate import stop

    stop(_settings(), purge=purge)


@app.command()
def status(as_json: Json = False) -> None:
    """What runs here, where it listens, how far the stream is, which bundle is current.

    Example: moodstream status --json
    """
    from moodstream.local.operate import print_status

    print_status(_settings(), as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check Java, Kafka, Redis, ports, disk, torch and the bundle; exit code 1 when something is bad.

    Example: moodstream doctor
    """
    from moodstream.local.operate import print_diagnosis

    if not print_diagnosis(_settings(), as_json=as_json):
        raise typer.Exit(1)


@app.command()
def topics() -> None:
    """Create the topics in Kafka, and check that they are as the settings say.

    Example: MOODSTREAM_KAFKA=broker:9092 moodstream topics
    """
    from contracts.topics import TOPICS
    from moodstream.local.operate import with_servers
    from stream.topics import ensure

    settings = with_servers(_settings())
    ensure(settings.kafka or "", settings.namespace, settings.partitions, settings.replication)
    say("\n".join(topic.full_name(settings.namespace) for topic in TOPICS))


@app.command()
def stream() -> None:
    """Run a stream worker until SIGTERM; several share the partitions.

    Example: MOODSTREAM_KAFKA=broker:9092 MOODSTREAM_REDIS=redis://cache:6379/0 moodstream stream
    """
    from stream.worker import run

    run(_settings())


@app.command()
def serve() -> None:
    """Run the API until SIGTERM.

    Example: MOODSTREAM_API_PORT=8080 MOODSTREAM_KAFKA=… MOODSTREAM_REDIS=… moodstream serve
    """
    from serving.server import serve as serve_api

    serve_api(_settings())


@data.command("fetch")
def data_fetch() -> None:
    """Fetch MovieLens-100K into the home, in the plain form.

    Example: moodstream data fetch
    """
    from batch import movielens

    folder = _settings().home / "data" / "ml-100k"
    say(movielens.fetch(folder, say))
    say(f"in {folder}: {movielens.EVENTS}, {movielens.ITEMS}")


@events.command("send")
def events_send(
    file: Annotated[Path, typer.Argument(help="Events in the plain form: CSV, CSV.gz or Parquet.")],
    items: Annotated[Path | None, typer.Option(help="The catalogue in the plain form, sent first.")] = None,
) -> None:
    """Send a file's events into Kafka, and wait until the stream has learned from them.

    Example: moodstream events send my-events.csv --items my-items.csv
    """
    from moodstream.events import send_file
    from moodstream.local.operate import with_servers

    send_file(with_servers(_settings()), file, items)


@events.command("schema")
def events_schema() -> None:
    """Print the JSON Schema of all events that a producer may send.

    Example: moodstream events schema > events.schema.json
    """
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@events.command("tail")
def events_tail(
    topic: Annotated[str, typer.Option(help="events, enriched, items or dead-letter.")] = "events",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    last: Annotated[int, typer.Option(help="How many of each partition's newest records.")] = 10,
) -> None:
    """Print the newest records of a topic, one JSON object a line.

    Example: moodstream events tail --topic dead-letter
    """
    from moodstream.events import BY_NAME, tail
    from moodstream.local.operate import with_servers

    if topic not in BY_NAME:
        raise Misconfigured(f"there is no topic {topic!r}: use one of {', '.join(BY_NAME)}")
    tail(with_servers(_settings()), BY_NAME[topic], follow=follow, last=last)


@app.command()
def train(
    events: Annotated[Path | None, typer.Option(help="Train on this file; on the lake otherwise.")] = None,
    items: Annotated[Path | None, typer.Option(help="The catalogue, with --events.")] = None,
    share: Annotated[float, typer.Option(help="The first part of the file's events, in time.", min=0.01, max=1)] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same bundle.")] = 0,
    resume: Annotated[bool, typer.Option(help="Leave checkpoints, and go on from one.")] = True,
) -> None:
    """Train encoder, item vectors and ranker, and put the bundle on the shelf (it isn't published).

    Without a file: on what the stream wrote to the lake, over the catalogue of the current bundle.

    Example: moodstream train --events my-events.csv --items my-items.csv
    """
    from moodstream.training import train_on_file, train_on_lake

    if (events is None) != (items is None):
        raise Misconfigured("--events and --items go together")
    if events and items:
        version = train_on_file(_settings(), events, items, share=share, seed=seed, resume=resume)
    else:
        version = train_on_lake(_settings(), seed=seed, resume=resume)
    say(f"publish it: moodstream publish {version}")


@app.command()
def publish(
    version: Annotated[str, typer.Argument(help="A version that `moodstream bundles` lists.")],
    share: Annotated[float, typer.Option(help="Only this share of users, as a canary.", min=0, max=1)] = 1.0,
) -> None:
    """Put users on a bundle, by a control record in the log; stream and serving change over while they run.

    A canary (--share) ends when a version, the current one too, is published to all.

    Example: moodstream publish 20261122T040000-1a2b3c4d --share 0.1
    """
    from moodstream.local.operate import with_servers
    from moodstream.publishing import publish_version

    publish_version(with_servers(_settings()), version, share=share)


@app.command()
def rollback() -> None:
    """Put all users back on the bundle that was published before.

    Example: moodstream rollback
    """
    from moodstream.local.operate import with_servers
    from moodstream.publishing import roll_back

    roll_back(with_servers(_settings()))


@app.command()
def bundles(as_json: Json = False) -> None:
    """The bundles on the shelf, with what they measured; the current one is marked.

    Example: moodstream bundles --json
    """
    from moodstream.publishing import print_bundles

    print_bundles(_settings(), as_json=as_json)


@app.command()
def evaluate(
    events: Annotated[Path | None, typer.Option(help="A data set in the plain form; MovieLens-100K otherwise.")] = None,
    items: Annotated[Path | None, typer.Option(help="Its catalogue.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    seed: Annotated[int, typer.Option(help="Of training, and of the order of equal times.")] = 0,
    max_events: Annotated[int | None, typer.Option(help="Replay only so many events.")] = None,
) -> None:
    """Train on the first 80% in time, replay the rest through the very code that learns and serves, and score it.

    Example: moodstream evaluate --json report.json
    """
    from moodstream.evaluation import evaluate as score

    if (events is None) != (items is None):
        raise Misconfigured("--events and --items go together")
    dataset = events.stem if events else "ml-100k"
    score(_settings(), events, items, dataset, json_file, seed=seed, max_events=max_events)


def _settings() -> Settings:
    return configuration.read()
