"""`moodstream replay`: a log once more, through the same learner, beside the live system."""

from pathlib import Path
from typing import Annotated, Final

import typer

from batch.plan import Repeats
from contracts.errors import Misconfigured
from moodstream.console import say
from moodstream.verbs import settings

app = typer.Typer()
LIVE: Final = "live"
"""What stands for the live system itself, which gets events, never states."""


@app.command()
def replay(
    since: Annotated[str, typer.Option("--from", help="First arrival, UTC: 2026-11-01T00:00.")] = "",
    until: Annotated[str, typer.Option("--to", help="Up to before this arrival; else to the end as it is now.")] = "",
    topic: Annotated[str, typer.Option(help="`events`, or the full name of another namespace's.")] = "",
    lake: Annotated[str, typer.Option(help="Read this lake (folder or URL) instead.")] = "",
    file: Annotated[Path | None, typer.Option(help="Read a file in the plain form instead.")] = None,
    warm: Annotated[bool, typer.Option("--warm", help="First learn, unscored, what came before --from.")] = False,
    speed: Annotated[str, typer.Option(help="max, or with the log's gaps in time: 1x, 60x.")] = "max",
    bundle: Annotated[
        list[str] | None, typer.Option("--bundle", help="A version of `moodstream bundles`; again for more.")
    ] = None,
    into: Annotated[
        str, typer.Option(help="Leave states in Redis under this namespace; `live` publishes what was never there.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="With --into live: don't ask.")] = False,
    inject: Annotated[
        list[str] | None, typer.Option("--inject", help="Bend the log: WHAT@TIME:STRENGTH; again for more.")
    ] = None,
    repeat_items: Annotated[bool, typer.Option("--repeat-items", help="Rank what a user has had, too.")] = False,
    every: Annotated[int, typer.Option(help="Foretell only each so many-th event; all are learned.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Of what is injected, and of the intervals.")] = 0,
    anew: Annotated[bool, typer.Option("--anew", help="Forget what a stopped replay, or a done one, left.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures to this file.")] = None,
    out: Annotated[Path | None, typer.Option(help="The report's folder; otherwise in the home.")] = None,
) -> None:
    """Learn a log once more, never into the live state, and say how well each bundle foretold it.

    From Kafka by time of arrival, the lake, or a file; users begin cold unless --warm. Ctrl-C stops it, and the same
    command goes on from there, to the same bytes. --inject bends it by popularity, new-items, mood, bots, schema,
    missing-field or delay. Writes a report to look at. --into live is a backfill: it publishes, after asking, what has
    an id that neither the lake nor Kafka knows. See docs/replay.md.

    Example: moodstream replay --from 2026-11-01T00:00 --bundle current --bundle 20261122T040000-1a2b3c4d --json r.json
    """
    from batch.bend import parse
    from moodstream.replay.backfill import ask, backfill
    from moodstream.replay.pace import speed_of
    from moodstream.replay.plan import Plan
    from moodstream.replay.run import Asked, bundles_of
    from moodstream.replay.run import replay as carry_out
    from moodstream.replay.source import source_of
    from moodstream.replay.when import moment

    its = settings()
    start, end = (moment(said) if said else None for said in (since, until))
    if start is not None and end is not None and start >= end:
        raise Misconfigured(f"--from {since} is not before --to {until}")
    repeats: Repeats = "kept" if repeat_items else "never"
    plan = Plan(
        source=source_of(its, topic, lake, file),
        since=start,
        until=end,
        warm=warm,
        bundles=[] if into == LIVE else bundles_of(its, bundle or []),
        into=into,
        bends=[parse(said, moment) for said in inject or []],
        repeats=repeats,
        every=every,
        seed=seed,
    )
    if into == LIVE:
        if not backfill(its, plan, json_file, (lambda count: True) if yes else ask):
            say("nothing was published")
            raise typer.Exit(1)
        return
    if not carry_out(its, plan, Asked(speed_of(speed), anew, out, json_file)):
        say("stopped: the same command goes on from there")
        raise typer.Exit(130)
