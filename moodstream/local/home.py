"""The one folder in which the local stack keeps everything, and which a purge removes."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.errors import Misconfigured

Say = Callable[[str], None]
"""Where a line for the person at the terminal goes."""

NEEDED_BYTES: Final = 1_000_000_000
CONTENTS: Final = (
    "logs",
    "kafka",
    "redis",
    "stream",
    "data",
    "lake",
    "bundles",
    "checkpoints",
    "replays",
    "ports.json",
    "status.json",
    "lock",
    "nightly.lock",
)
"""The only names that a purge deletes: whatever else stands in the folder is somebody's own."""


@dataclass(frozen=True)
class Home:
    """The folder `MOODSTREAM_HOME` and the places in it; nothing is made before `create`."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def kafka(self) -> Path:
        return self.path / "kafka"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    @property
    def ports(self) -> Path:
        return self.path / "ports.json"

    @property
    def status(self) -> Path:
        return self.path / "status.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    def create(self) -> None:
        """Make the folder. Raises `Misconfigured` where the machine doesn't allow it."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(
                f"the folder {self.path.absolute()} can't be made ({error.strerror}): "
                "choose another one by MOODSTREAM_HOME"
            ) from error

    def purge(self) -> list[Path]:
        """Delete what Moodstream keeps here; what is left is returned, and nobody's file is touched."""
        for name in CONTENTS:
            entry = self.path / name
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        left = sorted(self.path.iterdir()) if self.path.exists() else []
        if not left and self.path.exists():
            self.path.rmdir()
        return left


def free_bytes(path: Path) -> int:
    """Bytes free on the disk of this path or of its nearest parent that exists."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def require_disk(path: Path, needed: int = NEEDED_BYTES, free: Callable[[Path], int] = free_bytes) -> None:
    """Raise `Misconfigured`, one line, unless `needed` bytes are free there."""
    there = free(path)
    if there < needed:
        raise Misconfigured(
            f"the disk of {path.absolute()} has {there / 1e9:.1f} GB free and Moodstream needs {needed / 1e9:.1f} GB: "
            "free some, or choose a folder on another disk by MOODSTREAM_HOME"
        )
