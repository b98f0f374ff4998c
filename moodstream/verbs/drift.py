"""`moodstream drift`: what of the stream is no longer as it was."""

from pathlib import Path
from typing import Annotated

import typer

from moodstream.verbs import Json, settings

app = typer.Typer(no_args_is_help=True, help="What has moved in the stream: since when, how much, what to do next.")


@app.command()
def status(as_json: Json = False) -> None:
    """How every signal stands over all partitions, and the newest alarms.

    Example: moodstream drift status
    """
    from moodstream.drift.operate import print_status

    print_status(settings(), as_json=as_json)


@app.command()
def explain(
    alarm: Annotated[str, typer.Argument(help="The id that `status` shows; otherwise the newest.")] = "",
    as_json: Json = False,
) -> None:
    """One alarm in full: what moved, since when, how much, events that show it, and what to do next.

    Example: moodstream drift explain refused-2-81234
    """
    from moodstream.drift.operate import explain as tell

    tell(settings(), alarm, as_json=as_json)


@app.command()
def report(
    out: Annotated[Path | None, typer.Option(help="The page's folder; otherwise in the home.")] = None,
) -> None:
    """A page to look at: every signal over time with bundles and alarms, and how far its end is from its beginning.

    Example: moodstream drift report --out reports
    """
    from moodstream.drift.operate import report as draw

    draw(settings(), out)
