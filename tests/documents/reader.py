"""Somebody who follows a page: a folder, a shell with `moodstream` in it, and the page's blocks one after the other."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from documents.blocks import ROOT, Block, blocks_of

_SHELL: Final = """\
set -eu
curl() { command curl --fail-with-body -S "$@"; }
"""
"""What isn't shown in the pages: that a command or a request which fails, fails."""
_OURS: Final = '#!/bin/sh\nexec "{python}" -m moodstream "$@"\n'


class Reader:
    """Runs blocks in one folder, with what stands in the pages for addresses replaced by what is there."""

    def __init__(self, folder: Path, environment: Mapping[str, str], instead: Mapping[str, str]) -> None:
        self.folder = folder
        self._instead = instead
        programs = folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        (programs / "moodstream").write_text(_OURS.format(python=sys.executable))
        (programs / "moodstream").chmod(0o755)
        (programs / "python").symlink_to(sys.executable)
        path = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "PYTHONPATH": str(ROOT)}
        self._environment = {**path, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1", **environment}

    def follow(self, page: str, mark: str = "", within_s: float = 60) -> int:
        """Run all blocks of a page that have this mark; returns how many."""
        followed, printed = 0, ""
        for block in blocks_of(page, (ROOT / page).read_text()):
            if block.mark == "as printed":
                assert_printed(block, printed)
            elif is_run(block, mark):
                printed = self.run(block, within_s)
                followed += 1
        return followed

    def run(self, block: Block, within_s: float) -> str:
        """Run one block; returns what it printed."""
        text = block.text
        for shown, there in self._instead.items():
            text = text.replace(shown, there)
        command, before = (("bash", "-s"), _SHELL) if block.language == "sh" else ((sys.executable, "-"), "")
        done = subprocess.run(
            command,
            input=before + text,
            cwd=self.folder,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=within_s,
            check=False,
        )
        assert done.returncode == 0, f"{block} ends with {done.returncode}:\n{text}\n{done.stdout[-3000:]}"
        return done.stdout


def is_run(block: Block, mark: str = "") -> bool:
    """Whether the suite (or, with a mark, `make check-docs`) runs it; `make …` is seen to exist, and would take minutes."""
    if block.mark != mark or block.language not in ("sh", "python"):
        return False
    return not all(line.startswith(("make ", "#")) for line in block.text.splitlines())


def assert_printed(block: Block, printed: str) -> None:
    """Every line of the block was printed, in this order; `…` stands for anything, and a line of it for some lines."""
    lines = [line for line in block.text.splitlines() if line.strip() not in ("", "…")]
    pattern = r"\n(?:.*\n)?".join(_like(line) for line in lines)
    assert re.search(pattern, printed, re.DOTALL), f"{block} isn't what was printed:\n{printed[-3000:]}"


def _like(line: str) -> str:
    """The line, whatever room is between its words."""
    parts = (r"\s+".join(map(re.escape, part.split())) for part in line.split("…"))
    return r"\s*[^\n]*?\s*".join(parts) + r"[ \t]*"
