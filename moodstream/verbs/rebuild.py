"""`moodstream rebuild`: lost states and counts, made again."""

from typing import Annotated

import typer

from moodstream.verbs import Json, settings

app = typer.Typer()


@app.command()
def rebuild(
    anew: Annotated[
        bool, typer.Option("--anew", help="Forget all that the store has first: where some of it is damaged or lost.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make every state and every count again from the lake and Kafka, after Redis was lost or emptied.

    Workers that run needn't be stopped: they do it by themselves, each its partitions, and serving goes on, degraded,
    meanwhile. Where none runs, one is run for it. It may be killed and run again: it goes on where it was. The exit
    code is 1 where something is neither in the lake nor in Kafka any more. See docs/backup.md.

    Example: moodstream rebuild
    """
    from moodstream.rebuild.run import rebuild as make_again

    if not make_again(settings(), anew=anew, as_json=as_json):
        raise typer.Exit(1)
