"""`moodstream dead-letters`: what could not be taken in, with the reason; looked at, mended, sent again."""

import time
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import Misconfigured
from moodstream.verbs import Json, settings
from online.letters.wanted import Wanted, moment

app = typer.Typer(no_args_is_help=True, help="What could not be taken in: look at it, mend it, send it again.")

Reason = Annotated[str, typer.Option(help="Part of the reason, in any case.")]
Error = Annotated[str, typer.Option(help="The error's class, such as InvalidEvent.")]
Topic = Annotated[str, typer.Option(help="Where they lay: events, items or kinesis:STREAM.")]
Partition = Annotated[int | None, typer.Option(help="Where they lay; of Kinesis the shard's number.", min=0)]
Since = Annotated[str, typer.Option(help="Set aside then or later: 2026-11-22T09:30 (UTC), or 2h, 3d (ago).")]
Until = Annotated[str, typer.Option(help="Set aside before.")]
Retried = Annotated[bool | None, typer.Option("--retried/--not-retried", help="Whether they were sent again.")]


@app.command("list")
def list_(
    reason: Reason = "",
    error: Error = "",
    topic: Topic = "",
    partition: Partition = None,
    since: Since = "",
    until: Until = "",
    retried: Retried = None,
    limit: Annotated[int, typer.Option(help="The newest so many; --json gives all.", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """The letters that are so, with their ids.

    Example: moodstream dead-letters list --error InvalidEvent --since 2h --not-retried
    """
    from moodstream.letters.operate import print_list

    print_list(settings(), _wanted(reason, error, topic, partition, since, until, retried), limit, as_json=as_json)


@app.command("show")
def show(
    letter: Annotated[str, typer.Argument(help="The id that `list` shows, such as events/2/1234.")],
    as_json: Json = False,
) -> None:
    """One letter in full: the event as it lay there, why it was set aside, and whether it was sent again.

    Example: moodstream dead-letters show events/2/1234
    """
    from moodstream.letters.operate import print_one

    print_one(settings(), letter, as_json=as_json)


@app.command("retry")
def retry(
    letters: Annotated[list[str] | None, typer.Argument(help="The ids that `list` shows.")] = None,
    reason: Reason = "",
    error: Error = "",
    topic: Topic = "",
    partition: Partition = None,
    since: Since = "",
    until: Until = "",
    every: Annotated[bool, typer.Option("--all", help="Every letter that wasn't sent again yet.")] = False,
    repaired: Annotated[
        Path | None,
        typer.Option(help="A file as `export` writes it, its events mended: those of its letters are sent."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were sent before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which would be sent, and which not.")] = False,
    as_json: Json = False,
) -> None:
    """Send letters' events once more: as they are, after the code was mended, or as mended in a file.

    Each has one effect however often it is sent, by its event id. A letter remembers that it was sent, and is then left
    alone. What is still invalid isn't sent, is told with its reason, and makes the exit code 1.

    Example: moodstream dead-letters retry events/2/1234
    """
    from moodstream.letters.operate import retry_some

    wanted = _wanted(reason, error, topic, partition, since, until, None)
    chosen = [bool(letters), wanted != Wanted(), every, repaired is not None]
    if sum(chosen) != 1:
        raise Misconfigured(
            "say which letters, in one way: by ids, by filters such as --error, by --repaired, or --all"
        )
    wanted = Wanted(ids=tuple(letters)) if letters else wanted
    if not retry_some(settings(), wanted, repaired, again=again, dry_run=dry_run, as_json=as_json):
        raise typer.Exit(1)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="A new file: JSON lines, one a letter.")],
    reason: Reason = "",
    error: Error = "",
    topic: Topic = "",
    partition: Partition = None,
    since: Since = "",
    until: Until = "",
    retried: Retried = None,
) -> None:
    """Write letters to a file, to be looked at or mended: change each line's `event`, then retry --repaired FILE.

    Example: moodstream dead-letters export letters.jsonl --reason mood
    """
    from moodstream.letters.operate import export as write

    write(settings(), _wanted(reason, error, topic, partition, since, until, retried), file)


def _wanted(
    reason: str, error: str, topic: str, partition: int | None, since: str, until: str, retried: bool | None
) -> Wanted:
    now = int(time.time() * 1000)
    if topic not in ("", "events", "items") and not topic.startswith("kinesis:"):
        raise Misconfigured(f"--topic is events, items or kinesis:STREAM: dead letters lay in no topic {topic!r}")
    return Wanted(
        reason=reason,
        error=error,
        topic=topic,
        partition=partition,
        since=moment(since, now, "--since"),
        until=moment(until, now, "--until"),
        retried=retried,
    )
