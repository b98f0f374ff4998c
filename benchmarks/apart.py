"""A benchmark run as a program of its own, on servers of its own whatever the settings name, and what it found."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from contracts.errors import Unavailable


def said_by(module: str, given: Mapping[str, object]) -> dict[str, Any]:
    """The figures that `module` writes with these options; raises `Unavailable` without figures."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        words = [str(word) for pair in {**given, "--json": file}.items() for word in pair]
        own = {name: value for name, value in os.environ.items() if not name.startswith("MOODSTREAM_")}
        ended = subprocess.run([sys.executable, "-m", module, *words], env=own, stdin=subprocess.DEVNULL, check=False)
        if ended.returncode or not file.exists():
            raise Unavailable(f"{module} ended with exit code {ended.returncode}: see above")
        found: dict[str, Any] = msgspec.json.decode(file.read_bytes())
        return found
