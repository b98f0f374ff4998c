"""Somebody who follows a page: a folder, a shell with `moodstream` in it, and the page's blocks one after the other."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from documents.blocks import ROOT, Block, blocks_of

_SHELL: Final = """\
set -eu
curl() { command curl --fail-with-body -S "$@"; }
"""
"""What isn't shown in the pages: that a command or a request which fails, fails."""
_UP_WITHIN_S: Final = 120
_OURS: Final = '#!/bin/sh\nexec "{python}" -m moodstream "$@"\n'


class Reader:
    """Runs blocks in one folder, with what stands in the pages for addresses replaced by what is there."""

    def __init__(self, folder: Path, environment: Mapping[str, str], instead: Mapping[str, str]) -> None:
        self.folder = folder
        self.instead = dict(instead)
        self.behind = ExitStack()
        """What still runs; close it at the end."""
        programs = folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        (programs / "moodstream").write_text(_OURS.format(python=sys.executable))
        (programs / "moodstream").chmod(0o755)
        (programs / "python").symlink_to(sys.executable)
        theirs = {name: value for name, value in os.environ.items() if not name.startswith("MOODSTREAM_")}
        found = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        self._environment = {**theirs, **found, "NO_COLOR": "1", "COLUMNS": "200", **environment}

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
        """Run one block; returns what it printed. One that stays up is left running behind those that follow."""
        text = block.text
        for shown, there in self.instead.items():
            text = text.replace(shown, there)
        command, before = (("bash", "-s"), _SHELL) if block.language == "sh" else ((sys.executable, "-"), "")
        if text.endswith("moodstream up"):
            self._stay_up(text)
            return ""
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
        as_said = bool(done.returncode) == block.reason.endswith("is refused")
        assert as_said, f"{block} ends with {done.returncode}:\n{text}\n{done.stdout[-3000:]}"
        if published := re.search(r"moodstream publish (\S+)", done.stdout):
            self.instead["VERSION"] = published[1]
        return done.stdout

    def _stay_up(self, text: str) -> None:
        """As in a second terminal; waits until it says that it's up."""
        log = self.folder / "second-terminal.log"
        with log.open("wb") as written:
            started = subprocess.Popen(
                ("bash", "-c", f"exec env {text}"),
                cwd=self.folder,
                env=self._environment,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        self.behind.callback(_end, started)
        deadline = time.monotonic() + _UP_WITHIN_S
        while "Ctrl-C stops everything" not in log.read_text():
            assert started.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.2)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_UP_WITHIN_S)
    finally:
        process.kill()


def is_run(block: Block, mark: str = "") -> bool:
    """Whether the suite (with a mark, `make check-docs`) runs it; `make …` is seen to exist, and takes minutes."""
    if block.mark != mark or block.language not in ("sh", "python"):
        return False
    return not all(line.startswith(("make ", "#")) for line in block.text.splitlines())


def assert_printed(block: Block, printed: str) -> None:
    """Every line of the block was printed, in this order; `…` stands for anything, and room between words for any."""
    left = iter(" ".join(line.split()) for line in printed.splitlines())
    for line in block.text.splitlines():
        pattern = ".*".join(map(re.escape, " ".join(line.split()).split("…")))
        found = any(re.fullmatch(pattern, one) for one in left)
        assert found, f"{block} says {line!r}, which wasn't printed there:\n{printed[-3000:]}"
