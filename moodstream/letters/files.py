"""Letters as a file of JSON lines: written to be looked at and mended, read to be sent again."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from contracts.errors import Misconfigured
from model.whole_file import write_whole
from online.letters.letter import Letter


def export(letters: Sequence[Letter], file: Path) -> None:
    """Write one line a letter, the whole file or nothing; raises `Misconfigured` where it may not be written."""
    if file.exists():
        raise Misconfigured(f"{file} exists: name another file, so that no repair in it is lost")
    lines = b"".join(msgspec.json.encode(letter.fields()) + b"\n" for letter in letters)
    try:
        write_whole(file, lines)
    except OSError as error:
        raise Misconfigured(f"{file} can't be written ({error.strerror}): name another file") from error


def read_repairs(file: Path) -> dict[str, bytes]:
    """The bytes to be sent for each letter's id: its `event`, else its `raw`. Raises `Misconfigured`."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise Misconfigured(
            f"{file} can't be read ({error.strerror}): moodstream dead-letters export writes such a file"
        ) from error
    repairs: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            name, raw = _repair(line, f"{file}, line {number}")
            if name in repairs:
                raise Misconfigured(f"{file}, line {number}: the letter {name} stands there twice")
            repairs[name] = raw
    return repairs


def _repair(line: bytes, where: str) -> tuple[str, bytes]:
    try:
        fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        name = msgspec.json.decode(fields["id"], type=str)
    except KeyError:
        raise Misconfigured(f"{where} names no letter: it wants the id that `dead-letters list` shows") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Misconfigured(f"{where} is no JSON object with the id of a letter: {error}") from error
    if "event" in fields:
        return name, bytes(fields["event"])
    try:
        return name, msgspec.json.decode(fields["raw"], type=bytes)
    except (KeyError, msgspec.MsgspecError):
        raise Misconfigured(f'{where} wants the event to be sent as "event": {{…}}') from None
