"""What `moodstream status` reads: the services of the running stack, in one small file of the home."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from moodstream.local.service import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One service: its process (None while it doesn't run), and since when it's up, in seconds since 1970."""

    name: str
    pid: int | None
    state: State
    restarts: int
    up_since: float
    log: str


def write_status(file: Path, services: Sequence[Status]) -> None:
    """Replace the file in one step."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps([asdict(service) for service in services], indent=1) + "\n")
    new.replace(file)


def read_status(file: Path) -> list[Status]:
    """The services as last written; empty when nothing was, or the file is damaged."""
    try:
        return [Status(**service) for service in json.loads(file.read_text())]
    except (OSError, ValueError, TypeError):
        return []
