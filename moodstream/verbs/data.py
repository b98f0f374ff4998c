"""`moodstream data`: data sets in the plain form."""

import typer

from moodstream.console import say
from moodstream.verbs import settings

app = typer.Typer(no_args_is_help=True, help="Data sets in the plain form.")


@app.command("fetch")
def fetch() -> None:
    """Fetch MovieLens-100K into the home, in the plain form.

    Example: moodstream data fetch
    """
    from batch import movielens

    folder = settings().home / "data" / "ml-100k"
    say(movielens.fetch(folder, say))
    say(f"in {folder}: {movielens.EVENTS}, {movielens.ITEMS}")
