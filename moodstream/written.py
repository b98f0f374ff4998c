"""Files that a verb writes where its user said, each told in a line."""

from pathlib import Path

import msgspec

from moodstream.console import say


def write(path: Path, raw: bytes) -> None:
    """The bytes, as a file; its folder is made where it isn't there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    say(f"written to {path}")


def write_json(path: Path | None, found: object) -> None:
    """What was found, indented, for `--json FILE`; nothing without a file."""
    if path is not None:
        write(path, msgspec.json.format(msgspec.json.encode(found)) + b"\n")
