"""Which code made a bundle, and when things were."""

import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]


def commit() -> str:
    """Of the checkout that this code is in, marked where files differ from it; empty for an installed package."""
    if not (_ROOT / ".git").exists():
        return ""
    head = _git("rev-parse", "HEAD")
    return head + (" and changes" if head and _git("status", "--porcelain", "--untracked-files=no") else "")


def package() -> str:
    """The version of Moodstream."""
    try:
        return version("moodstream")
    except PackageNotFoundError:
        return ""


def moment(ms: int) -> str:
    """A time (UTC ms) as it's written."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"


def _git(*words: str) -> str:
    try:
        said = subprocess.run(["git", "-C", _ROOT, *words], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
