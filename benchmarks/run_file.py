"""`bench.json`: what one run of the benchmarks found, where, and how quiet the machine was meanwhile."""

from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.provenance import Provenance
from benchmarks.result import Measured
from contracts.errors import Misconfigured

NAME = "bench.json"


class Quiet(msgspec.Struct, frozen=True):
    """How quiet the machine was: figures of a busy one say little, ratios of the same run a little more."""

    load_before: float
    """Processes that wanted a core, in the minute before."""
    load_after: float
    steal_share: float
    """Of the machine's time, taken by other machines of the host."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    kind: Literal["moodstream benchmarks"]
    began: str
    """ISO 8601, UTC."""
    seconds: float
    quick: bool
    """Sizes and repeats too small to be quoted."""
    provenance: Provenance
    quiet: Quiet
    found: list[Measured]
    failed: dict[str, str]
    """Benchmark → why it has no figures."""


def encoded(run: Run) -> bytes:
    """As the file holds it."""
    return msgspec.json.format(msgspec.json.encode(run)) + b"\n"


def read(path: Path) -> Run:
    """Raises `Misconfigured` for what is no such file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path} can't be read ({error.strerror}): name a {NAME} that make bench wrote") from error
    try:
        return msgspec.json.decode(raw, type=Run)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} is no {NAME} of make bench: {error}") from error
