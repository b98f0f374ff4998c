"""What the verbs of `moodstream dead-letters` do: read what is wanted, then show, write or send it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from contracts.errors import Misconfigured
from contracts.settings import Settings
from moodstream.bars import bars
from moodstream.console import say
from moodstream.letters import files, told
from moodstream.local.operate import with_kafka
from online.letters import retry
from online.letters.letter import Letter
from online.letters.read import Told, read
from online.letters.wanted import Wanted

_LONG = 5_000
"""Records whose reading is shown as a bar."""


def print_list(settings: Settings, wanted: Wanted, limit: int, *, as_json: bool) -> None:
    """A table of the newest, or all of them as JSON."""
    letters = _read(settings, wanted, quiet=as_json)
    if as_json:
        print(msgspec.json.encode([letter.fields() for letter in letters]).decode())
    else:
        told.print_table(letters, limit)


def print_one(settings: Settings, name: str, *, as_json: bool) -> None:
    """One letter in full."""
    (letter,) = _named(settings, [name], quiet=as_json)
    if as_json:
        print(msgspec.json.encode(letter.fields()).decode())
    else:
        told.print_letter(letter)


def export(settings: Settings, wanted: Wanted, file: Path) -> None:
    """Write letters to a file."""
    letters = _read(settings, wanted, quiet=False)
    files.export(letters, file)
    say(
        f"wrote {len(letters):,} letters to {file}: mend each `event` there, then: "
        f"moodstream dead-letters retry --repaired {file}"
    )


def retry_some(
    settings: Settings, wanted: Wanted, repaired: Path | None, *, again: bool, dry_run: bool, as_json: bool
) -> bool:
    """Send letters' events once more; False where some are still invalid."""
    repairs = files.read_repairs(repaired) if repaired else {}
    settings = _quietly(settings)
    wanted = msgspec.structs.replace(wanted, ids=tuple(repairs)) if repaired else wanted
    letters = _named(settings, wanted.ids, quiet=as_json) if wanted.ids else _read(settings, wanted, quiet=as_json)
    made = retry.plan([letter for letter in letters if wanted.holds(letter)], repairs, again=again)
    if dry_run:
        results = [retry.Result(letter.id, "good", "", fixed.event.event_id) for letter, fixed in made.good]
    else:
        with _told("sending", quiet=as_json) as tell:
            results = retry.send(settings, made.good, lambda done: tell(done, len(made.good)))
    results += made.others
    if as_json:
        print(msgspec.json.encode(results).decode())
    else:
        told.print_results(results)
    return not any(result.status == "invalid" for result in results)


def _quietly(settings: Settings) -> Settings:
    """With Kafka's address, and without its library's warnings: what matters is raised, and said in one line."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    return with_kafka(settings)


def _named(settings: Settings, ids: Sequence[str], *, quiet: bool) -> list[Letter]:
    letters = _read(settings, Wanted(ids=ids), quiet=quiet)
    if missing := sorted(set(ids) - {letter.id for letter in letters}):
        raise Misconfigured(
            f"there is no dead letter {', '.join(missing[:5])}: `moodstream dead-letters list` shows which there are"
        )
    return letters


def _read(settings: Settings, wanted: Wanted, *, quiet: bool) -> list[Letter]:
    with _told("reading", quiet=quiet) as tell:
        found = read(_quietly(settings), wanted, tell)
    if found.unreadable and not quiet:
        say(f"{found.unreadable:,} records of the topic are no dead letters: passed over")
    return found.found()


@contextmanager
def _told(what: str, *, quiet: bool) -> Iterator[Told]:
    """A bar that appears where there is much to do, and never in what a program reads."""
    with bars("letters") as tell:
        yield lambda done, total: None if quiet or total < _LONG else tell(what, done, total)
