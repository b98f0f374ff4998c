"""`moodstream data`: data sets in the plain form."""

import codecs
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import Misconfigured
from moodstream.console import say
from moodstream.verbs import Json, settings

app = typer.Typer(no_args_is_help=True, help="Data sets in the plain form.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Events: CSV, TSV (plain or .gz), Parquet, or `::` tables.")],
    items: Annotated[Path | None, typer.Option(help="The catalogue; bare ids otherwise.")] = None,
    users: Annotated[Path | None, typer.Option(help="Users, whose columns become context of their events.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to; <home>/data/<file's name> otherwise.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what was understood and what is wrong.")] = False,
    columns: Annotated[str, typer.Option(help="Columns of the events: user_id=buyer,item_id=sku.")] = "",
    item_columns: Annotated[str, typer.Option(help="Columns of the items: item_id=sku,title=label.")] = "",
    header: Annotated[str, typer.Option(help="The columns' names of an events file that doesn't name them.")] = "",
    encoding: Annotated[str, typer.Option(help="Of text that is not UTF-8, such as latin-1 or cp1252.")] = "",
    without: Annotated[str, typer.Option(help="Columns to leave out, joined by commas.")] = "",
    kinds: Annotated[str, typer.Option(help="What the file's words for kinds mean: cart=like,pay=purchase.")] = "",
    kind: Annotated[str, typer.Option(help="The kind of events that say none: rating with a value, else click.")] = "",
    best_rating: Annotated[float, typer.Option(help="The best rating of the file.", min=0.1)] = 5.0,
    as_json: Json = False,
) -> None:
    """Bring a data set into the plain form: events.parquet, sorted by time, and items.parquet.

    Wrong rows are counted, explained and written to wrong-rows.csv; none is dropped silently.

    Example: moodstream data import ratings.csv --items movies.csv --dry-run
    """
    from batch.importing.source import Source
    from batch.movielens import DOUBLE_COLON
    from moodstream.importing import examine_files, import_files, print_json

    source = Source(
        events=file,
        items=items,
        users=users,
        columns=_pairs("--columns", columns),
        item_columns=_pairs("--item-columns", item_columns),
        header=_listed(header),
        encoding=_encoding(encoding),
        without=frozenset(_listed(without)),
        kinds=_pairs("--kinds", kinds),
        kind=kind,
        best_rating=best_rating,
        double_colon=DOUBLE_COLON,
    )
    folder = out or settings().home / "data" / file.name.split(".")[0]
    if as_json:
        print_json(source, folder, dry_run=dry_run)
    elif dry_run:
        examine_files(source, folder)
    else:
        import_files(source, folder)
        say(f"next: moodstream train --events {folder}/events.parquet --items {folder}/items.parquet")


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="ml-100k, ml-1m or ml-latest-small.")] = "ml-100k",
) -> None:
    """Fetch a MovieLens data set into the home, in the plain form.

    Example: moodstream data fetch ml-100k
    """
    from batch import movielens
    from moodstream.bars import bars

    folder = settings().home / "data" / name
    with bars("") as tell:
        found = movielens.fetch_named(name, folder, say, tell)
    say(found.licence)
    say(f"in {folder}: {found.events.name}, {found.items.name}")


def _encoding(said: str) -> str:
    if not said:
        return ""
    try:
        extends = codecs.lookup(said).decode(b"a,b")[0] == "a,b"
    except (LookupError, UnicodeDecodeError):
        extends = False
    if not extends:
        raise Misconfigured(f"--encoding wants one that extends ASCII, such as latin-1 or cp1252; {said!r} is none")
    return said


def _listed(said: str) -> list[str]:
    return [part.strip() for part in said.split(",") if part.strip()]


def _pairs(option: str, said: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _listed(said)]
    if not all(mark and ours.strip() and theirs.strip() for ours, mark, theirs in pairs):
        raise Misconfigured(f"{option} wants pairs joined by commas, such as a=b,c=d; {said!r} is none")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
