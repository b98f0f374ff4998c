"""`moodstream nightly`: a candidate each night, proven before it serves."""

from pathlib import Path
from typing import Annotated

import typer

from batch.nightly.terms import Terms, Watch
from contracts.errors import Misconfigured
from moodstream.verbs import Json, settings

app = typer.Typer()
_D = Terms()
_W = Watch()


@app.callback(invoke_without_command=True)
def nightly(
    context: typer.Context,
    judge: Annotated[bool, typer.Option("--judge", help="Only go on with a night that is under way.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the canary is judged.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and begin nights by the clock and on alarms.")] = False,
    at: Annotated[str, typer.Option(help="With --watch: when, UTC.")] = _W.at,
    cooldown: Annotated[
        float, typer.Option(help="With --watch: hours between a night and one by alarm.", min=0)
    ] = _W.cooldown_h,
    alarms: Annotated[int, typer.Option(help="With --watch: nights by alarm in 24 hours, at most.", min=0)] = _W.most,
    share: Annotated[
        float, typer.Option(help="Of users on the canary; 0: promote without one.", min=0, max=1)
    ] = _D.share,
    enough: Annotated[int, typer.Option(help="Pages shown until it is judged.", min=1)] = _D.enough,
    hours: Annotated[float, typer.Option(help="Until it is judged with fewer.", min=0)] = _D.hours,
    window: Annotated[
        float, typer.Option(help="Minutes in which what is shown may be taken.", min=0.01)
    ] = _D.window_min,
    days: Annotated[float, typer.Option(help="The log's last days, to be foretold.", min=0.001)] = _D.days,
    events: Annotated[int, typer.Option(help="Events foretold at most.", min=200)] = _D.events,
    reach: Annotated[int, typer.Option(help="Events of the lake to be read, the newest; 0: all.", min=0)] = _D.reach,
    hold: Annotated[
        int, typer.Option(help="Events in memory at most: of more, all of as many users as fit; 0: no limit.", min=0)
    ] = _D.hold,
    held_out: Annotated[
        int, typer.Option(help="Of these, held out and replayed for the proof at most; 0: no limit.", min=0)
    ] = _D.held_out,
    margin: Annotated[float, typer.Option(help="How much worse NDCG@10 may be, as a share.", min=0)] = _D.margin,
    scratch_every: Annotated[int, typer.Option(help="Each so many-th night from scratch; 0: none.", min=0)] = (
        _D.scratch_every
    ),
    allow: Annotated[list[str] | None, typer.Option(help="Override a check, by name; may be given again.")] = None,
    seed: Annotated[int, typer.Option(help="Of training and of the intervals.")] = _D.seed,
    until: Annotated[
        str, typer.Option(help="Stop behind a step: begun, data, trained, measured, gate.", metavar="STEP")
    ] = "",
    night: Annotated[str, typer.Option(help="Go on with this night, and begin no other.", metavar="NAME")] = "",
    name_into: Annotated[
        Path | None, typer.Option(help="Write the night's name here, for what runs the next step.", metavar="FILE")
    ] = None,
) -> None:
    """A candidate each night, proven before it serves.

    Lake up to a watermark, data checks, fine-tune, evaluation, gate, canary, and promoted or rolled back.
    It may be killed and run again anywhere that reaches the bundles and the lake: it goes on with the night that is
    under way, under that night's own terms. A canary takes hours: run it again, with --judge from a scheduler, or
    --wait. Exit code 0: promoted, or under way; 3: refused or rolled back. See docs/nightly.md. A pipeline runs it a
    step at a time: --until and --name-into at first, then --night (docs/deploy/kubeflow.md).

    Example: moodstream nightly --share 0.1 --wait
    """
    if context.invoked_subcommand:
        return
    from moodstream.local.operate import with_kafka

    terms = Terms(
        seed=seed,
        days=days,
        events=events,
        reach=reach,
        hold=hold,
        held_out=held_out,
        scratch_every=scratch_every,
        margin=margin,
        share=share,
        enough=enough,
        hours=hours,
        window_min=window,
        allowed=tuple(allow or ()),
    )
    if watch:
        from moodstream.nightly.watch import watching

        watching(with_kafka(settings()), terms, Watch(at=at, cooldown_h=cooldown, most=alarms))
        return
    from batch.nightly.night import REFUSED, ROLLED_BACK
    from moodstream.nightly.nightly import nightly as one_night
    from moodstream.nightly.nightly import stepwise

    if until or night or name_into:
        if judge or wait:
            raise Misconfigured("a night is run by steps, or judged and waited for: --judge and --wait go alone")
        ended = stepwise(with_kafka(settings()), terms, night, until, name_into)
    else:
        ended = one_night(with_kafka(settings()), terms, judge=judge, wait=wait)
    if ended and ended.outcome in (REFUSED, ROLLED_BACK):
        raise typer.Exit(3)


@app.command()
def history(as_json: Json = False) -> None:
    """Each night: what it stood on, its data, its verdicts, and what happened; and what alarms asked for.

    Example: moodstream nightly history --json
    """
    from moodstream.nightly.history import print_history

    print_history(settings(), as_json=as_json)
