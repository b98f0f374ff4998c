"""Letters on the terminal: a table of many, one in full, and what became of those that were to be sent again."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from rich.markup import escape
from rich.table import Table

from contracts.moment import to_the_second
from moodstream.console import console, say
from online.letters.letter import Letter
from online.letters.retry import Result

_REASON = 72
_SHOWN = 10


def print_table(letters: Sequence[Letter], limit: int) -> None:
    """The newest of them, the newest last, and how many there are of each class."""
    if not letters:
        say("no dead letters, or none that are so: nothing to do")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "set aside (UTC)", "error", "reason", "sent again"):
        table.add_column(name, no_wrap=name != "reason", overflow="fold")
    for letter in letters[-limit:]:
        said, reason = letter.said, " ".join(letter.said.reason.split())
        short = reason if len(reason) <= _REASON else reason[: _REASON - 1] + "…"
        table.add_row(letter.id, to_the_second(said.time), escape(said.error), escape(short), _again(letter))
    console.print(table)
    classes = Counter(letter.said.error for letter in letters)
    left = f", the newest {limit:,} are shown (--limit)" if len(letters) > limit else ""
    say(f"{len(letters):,} letters{left}: " + ", ".join(f"{name} {count:,}" for name, count in classes.most_common()))


def print_letter(letter: Letter) -> None:
    """All that is known of one."""
    for line in _lines(letter):
        say(line)


def _lines(letter: Letter) -> Iterator[str]:
    said = letter.said
    version = "" if said.schema_version is None else f", schema version {said.schema_version}"
    yield f"letter      {letter.id}"
    yield f"lay in      {said.topic}, partition {said.partition}, offset {said.offset}{version}"
    yield f"set aside   {to_the_second(said.time)} UTC"
    yield f"error       {said.error}"
    yield f"reason      {said.reason}"
    for one in letter.retried:
        place = f"{one.topic}/{one.partition}/{one.offset}"
        yield f"sent again  {to_the_second(one.time)} UTC as {place}, id {one.event_id}"
    event = letter.event()
    if event is None:
        yield f"raw         {len(said.raw):,} bytes, no JSON object:"
        yield said.raw[:2000].decode("utf-8", "backslashreplace")
    else:
        yield "event"
        yield msgspec.json.format(bytes(event), indent=2).decode()


def print_results(results: Sequence[Result]) -> None:
    """How many were sent, and the first of those that weren't."""
    counts = Counter(result.status for result in results)
    say(", ".join(f"{count:,} {status}" for status, count in counts.items()) or "no letters are so: nothing to do")
    for status in ("already sent", "invalid"):
        those = [result for result in results if result.status == status]
        for result in those[:_SHOWN]:
            say(f"  {status}: {result.id} {result.reason}")
        if len(those) > _SHOWN:
            say(f"  … and {len(those) - _SHOWN:,} more: --json shows all")


def _again(letter: Letter) -> str:
    if not letter.retried:
        return ""
    last = letter.retried[-1]
    times = f" ({len(letter.retried)} times)" if len(letter.retried) > 1 else ""
    return f"{last.topic}/{last.partition}/{last.offset}{times}"
