"""The encoder by the protocol that papers use."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("leave-one-out")
def leave_one_out(
    events: Annotated[Path, typer.Option(help="A data set in the plain form.")],
    minutes: Annotated[float, typer.Option(help="Of training, the looks at the validation not counted.")] = 10.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures and the curve to this file.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of training, and of the users watched meanwhile.")] = 0,
    threads: Annotated[int, typer.Option(help="Of training, on a CPU.", min=1)] = 1,
) -> None:
    """Set the encoder beside what is published: each user's last item among all, HR@10 and NDCG@10.

    Only each user's order is used. Prints quality over the time spent, and what is published on a known data set.

    Example: moodstream leave-one-out --events ml-1m.csv --minutes 10 --json curve.json
    """
    from moodstream.left_out import measure

    measure(events, json_file, minutes=minutes, seed=seed, threads=threads)
