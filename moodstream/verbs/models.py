"""Bundles: train, measure, publish, roll back."""

from pathlib import Path
from typing import Annotated

import typer

from batch.plan import MOST, Repeats
from contracts.errors import Misconfigured
from moodstream.console import say
from moodstream.verbs import Json, settings

app = typer.Typer()


@app.command()
def train(
    events: Annotated[Path | None, typer.Option(help="Train on this file; on the lake otherwise.")] = None,
    items: Annotated[Path | None, typer.Option(help="The catalogue, with --events.")] = None,
    share: Annotated[float, typer.Option(help="The first part of the file's events, in time.", min=0.01, max=1)] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same bundle.")] = 0,
    resume: Annotated[bool, typer.Option(help="Leave checkpoints, and go on from one.")] = True,
    start: Annotated[str | None, typer.Option("--from", help="Go on from this version, else from scratch.")] = None,
    hold: Annotated[
        int, typer.Option(help="Events of the lake in memory at most; of more, all of as many users as fit.", min=0)
    ] = MOST,
    repeat_items: Annotated[
        bool, typer.Option("--repeat-items", help="Users take items up again; with --from, also as that bundle has it.")
    ] = False,
) -> None:
    """Train encoder, item vectors and ranker, and put the bundle on the shelf (it isn't published).

    Without a file: on what the stream wrote to the lake, over the catalogue of the current bundle. With --from it goes
    on from a bundle, in a fraction of the time; one that foretells the newest events worse then keeps its old weights.
    On several GPUs or machines: torchrun --nproc-per-node 8 -m moodstream train ...

    Example: moodstream train --events my-events.csv --items my-items.csv
    """
    from batch.plan import Plan
    from moodstream.training import train_on_file, train_on_lake

    plan = Plan(seed=seed, repeats="kept" if repeat_items else "never")
    if (events is None) != (items is None):
        raise Misconfigured("--events and --items go together")
    if events and items:
        version = train_on_file(settings(), events, items, share=share, plan=plan, resume=resume, start=start)
    else:
        version = train_on_lake(settings(), plan=plan, resume=resume, start=start, hold=hold)
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

    publish_version(with_servers(settings()), version, share=share)


@app.command()
def rollback() -> None:
    """Undo what was published last: end a canary, or put all users back on the bundle that was current before.

    Example: moodstream rollback
    """
    from moodstream.local.operate import with_servers
    from moodstream.publishing import roll_back

    roll_back(with_servers(settings()))


@app.command()
def bundles(as_json: Json = False) -> None:
    """The bundles on the shelf, with what they measured; the current one is marked.

    Example: moodstream bundles --json
    """
    from moodstream.publishing import print_bundles

    print_bundles(settings(), as_json=as_json)


@app.command()
def evaluate(
    events: Annotated[Path | None, typer.Option(help="A data set in the plain form; MovieLens-100K otherwise.")] = None,
    items: Annotated[Path | None, typer.Option(help="Its catalogue; else the items that the first part names.")] = None,
    dataset: Annotated[
        str, typer.Option(help="ml-100k, ml-1m, ml-latest-small: fetched. With --events, the name in the report.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="The report's folder; otherwise in the home.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures to this file, too.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Also the slow baselines.")] = False,
    repeat_items: Annotated[bool, typer.Option("--repeat-items", help="Rank what a user has had, too.")] = False,
    collapse_repeats: Annotated[
        bool, typer.Option("--collapse-repeats", help="The same, but for the item had just before.")
    ] = False,
    retrain: Annotated[
        str, typer.Option(help="never, nightly, or every=N scored events; otherwise five times.", show_default=False)
    ] = "",
    max_events: Annotated[int | None, typer.Option(help="Score only so many events.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Of training, of the order of equal times, and of the intervals.")] = 0,
    live: Annotated[
        bool, typer.Option("--live", help="Instead, check that Kafka, Redis and HTTP answer what the replay does.")
    ] = False,
    bundle: Annotated[str, typer.Option(help="With --live: a version, `current`, or one trained in seconds.")] = "",
) -> None:
    """Train on the first 80% in time, replay the rest through the very code that learns and serves, and score it.

    Every system foretells the same events. Prints a table, writes a report to look at: see docs/evaluate.md.

    Example: moodstream evaluate --json report.json
    """
    from batch.evaluate import Protocol
    from moodstream.evaluation import data_set
    from moodstream.evaluation import evaluate as score

    repeats: Repeats = "collapsed" if collapse_repeats else "kept" if repeat_items else "never"
    protocol = Protocol(repeats=repeats, retrain=retrain, max_events=max_events, seed=seed)
    if bundle and not live:
        raise Misconfigured("--bundle goes with --live: without it, a bundle is trained on the first 80%")
    if live and (full or retrain or out):
        raise Misconfigured("--live only checks answers: --full, --retrain and --out go without it")
    data = data_set(settings(), events, items, dataset)
    if not live:
        score(settings(), data, protocol, out, json_file, full=full)
        return
    from moodstream.live.run import evaluate_live

    if not evaluate_live(settings(), data, protocol, bundle, json_file):
        raise typer.Exit(1)
