"""The command line: thin, one verb a job; every verb has an example, and says what to do next when it fails."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from contracts.brokers import named
from contracts.errors import MoodstreamError
from moodstream.console import say
from moodstream.extras import missing
from moodstream.verbs import (
    Json,
    data,
    dead_letters,
    drift,
    events,
    leave_one_out,
    models,
    nightly,
    rebuild,
    replay,
    settings,
    size,
    source,
    topics,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A streaming, online-learning recommender: a click or a mood changes the very next recommendation.",
    epilog="Start with: moodstream demo",
)
app.add_typer(data.app, name="data")
app.add_typer(events.app, name="events")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(nightly.app, name="nightly")
app.add_typer(drift.app, name="drift")
app.add_typer(models.app)
app.add_typer(leave_one_out.app)
app.add_typer(rebuild.app)
app.add_typer(replay.app)
app.add_typer(size.app)
app.add_typer(source.app, name="source")
app.add_typer(topics.app, name="topics")


def main() -> None:
    """Run a verb; an error of ours is one line and exit code 1."""
    # torch's threads wait for each other asleep: where cores are busy, spinning made training up to twice as slow
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except MoodstreamError as error:
        _refuse(error)
    except ModuleNotFoundError as error:
        if refused := missing(error):
            _refuse(refused)
        raise


def _refuse(error: MoodstreamError) -> NoReturn:
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

    run(settings(), once=once, user=user, items=[item for item in items.split(",") if item], mood=mood, seed=seed)


@app.command()
def up() -> None:
    """Bring up Kafka, Redis, the stream worker and the API, and keep them up until Ctrl-C.

    Example: MOODSTREAM_API_PORT=8080 moodstream up
    """
    from moodstream.local.running import running

    with running(settings(), say) as stack:
        stack.start_workers()
        say(f"up: the live page at {stack.page}, the API at {stack.api} (its pages: {stack.api}/docs)")
        if stack.settings.admin_token:
            say(f"the admin page at {stack.api}/admin")
        say(f"Kafka at {named(stack.settings.kafka or '')}")
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

    stop(settings(), purge=purge)


@app.command()
def status(as_json: Json = False) -> None:
    """What runs here, where it listens, how far the stream is, which bundle is current.

    Example: moodstream status --json
    """
    from moodstream.local.operate import print_status

    print_status(settings(), as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check Java, Kafka, Redis, ports, disk, torch and the bundle; exit code 1 when something is bad.

    Example: moodstream doctor
    """
    from moodstream.local.operate import print_diagnosis

    if not print_diagnosis(settings(), as_json=as_json):
        raise typer.Exit(1)


@app.command()
def prepare() -> None:
    """Train and publish a first bundle on MovieLens-100K, and send its events to the stream, unless that was done.

    For servers and a worker that run already, as in containers; `moodstream demo` does it for the local stack.

    Example: MOODSTREAM_KAFKA=broker:9092 MOODSTREAM_REDIS=redis://cache:6379/0 moodstream prepare
    """
    from moodstream.local.operate import with_servers
    from moodstream.prepare import prepare as prepare_all
    from stream.topics import ensure

    there = with_servers(settings())
    prepare_all(there, ensure(there.kafka or "", there.namespace, there.partitions, there.replication))


@app.command()
def stream() -> None:
    """Run a stream worker until SIGTERM; several share the partitions.

    Example: MOODSTREAM_KAFKA=broker:9092 MOODSTREAM_REDIS=redis://cache:6379/0 moodstream stream
    """
    from stream.worker import run

    run(settings())


@app.command()
def serve() -> None:
    """Run the API until SIGTERM.

    Example: MOODSTREAM_API_PORT=8080 MOODSTREAM_KAFKA=… MOODSTREAM_REDIS=… moodstream serve
    """
    from serving.server import serve as serve_api

    serve_api(settings())
