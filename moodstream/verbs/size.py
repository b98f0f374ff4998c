"""`moodstream size`: how large a deployment must be, and what it costs."""

from pathlib import Path
from typing import Annotated

import typer

from moodstream.verbs import Json

app = typer.Typer()


@app.command()
def size(
    users: Annotated[str, typer.Option(help="Who are known: all with an event in the last year.")],
    events: Annotated[str, typer.Option(help="Events a second, the day's mean.")],
    items: Annotated[str, typer.Option(help="In the catalogue.")],
    requests: Annotated[
        str, typer.Option(help="For answers, a second, the day's mean; add events that are posted one by one.")
    ],
    peak: Annotated[str, typer.Option(help="The busiest minutes over the mean.")] = "2.5",
    history: Annotated[
        str, typer.Option(help="Events of a user that are kept, at most 256; otherwise what a year leaves.")
    ] = "",
    keep: Annotated[str, typer.Option(help="Days that events stay in the lake.")] = "365",
    copies: Annotated[int, typer.Option(min=0, max=5, help="Of each Redis node, in other zones.")] = 2,
    bench: Annotated[
        Path | None, typer.Option(help="Your own bench.json of make bench, in place of our measurements.")
    ] = None,
    prices: Annotated[Path | None, typer.Option(help="JSON of your own prices, by the names of the list.")] = None,
    as_json: Json = False,
) -> None:
    """From users, events, items and requests to partitions, workers, API replicas, Redis, S3, GPU hours and money.

    Nothing is asked or started: it counts with what `make bench` has measured, and says of each figure why. Amounts are
    written as 10000000, 1e7 or 10M. See docs/deploy/size.md.

    Example: moodstream size --users 1e7 --events 2000 --items 1M --requests 500
    """
    from moodstream.size.operate import count

    count(
        {"users": users, "events": events, "items": items, "requests": requests, "peak": peak, "keep": keep},
        history=history,
        copies=copies,
        bench=bench,
        prices=prices,
        as_json=as_json,
    )
