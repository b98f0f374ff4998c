"""`make pages`: write the pages that are made from the code, where they aren't as the code is."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from documents.api import api_page
from documents.commands import commands_page
from documents.events import events_page
from documents.settings import settings_page

FOLDER: Final = Path(__file__).parent.parent / "docs"
MADE: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "api.md": api_page,
    "events.md": events_page,
}


def stale() -> list[str]:
    """The files that aren't what the code says now."""
    return [name for name, made in MADE.items() if not _is(FOLDER / name, made())]


def _is(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text() == text


if __name__ == "__main__":
    found = stale()
    sys.stdout.write("".join(f"docs/{name}\n" for name in found))
    if "--check" in sys.argv:
        sys.exit(1 if found else 0)
    for name in found:
        (FOLDER / name).write_text(MADE[name]())
