"""Which code made a bundle."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]


def commit() -> str:
    """Of the checkout that this code is in, marked where files differ from it; empty for an installed package."""
    if not (_ROOT / ".git").exists():
        return ""
    head = git("rev-parse", "HEAD")
    return head + (" and changes" if head and git("status", "--porcelain", "--untracked-files=no") else "")


def git(*words: str) -> str:
    """What it says of this code's checkout; empty where it says nothing, or isn't there."""
    try:
        said = subprocess.run(["git", "-C", _ROOT, *words], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def package(name: str = "moodstream") -> str:
    """Its version; empty where it isn't installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
