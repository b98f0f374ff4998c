"""Log files of child processes: their last lines for a message, and a limit to their size."""

import shutil
from pathlib import Path
from typing import Final

LIMIT_BYTES: Final = 20_000_000


def tail(file: Path, lines: int = 12) -> str:
    """The last lines, indented; at most 8 KB are read."""
    try:
        with file.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 8192))
            text = stream.read().decode(errors="replace")
    except OSError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (the log is empty)"


def limit(file: Path, limit_bytes: int = LIMIT_BYTES) -> bool:
    """Keep a log that grew past the limit as `<name>.1` and begin anew; whether it was done.

    The writer keeps its file open for appending, so the content is copied and the file cut: the lines of that instant
    may be lost.
    """
    try:
        if file.stat().st_size <= limit_bytes:
            return False
        shutil.copyfile(file, file.with_name(file.name + ".1"))
        with file.open("r+b") as stream:
            stream.truncate(0)
    except FileNotFoundError:
        return False
    return True
