"""A run to test with."""

from benchmarks.provenance import Machine, Provenance
from benchmarks.result import Measured
from benchmarks.run_file import Quiet, Run


def measured(name: str, ours: list[float], reference: list[float] | None = None) -> Measured:
    """More is better."""
    beside = "another" if reference else ""
    return Measured(name=name, what=name, unit="/s", ours=ours, beside=beside, reference=reference or [])


def run_of(*found: Measured, cores: int = 2, load: float = 0.0, failed: dict[str, str] | None = None) -> Run:
    """On a quiet machine, of a clean commit."""
    machine = Machine("a processor", cores, 8.0, "6.1")
    return Run(
        kind="moodstream benchmarks",
        began="2026-11-22T20:00:00+00:00",
        seconds=60.0,
        quick=False,
        provenance=Provenance(machine, "3.11.9", {"numpy": "2.4.6"}, "0123456789abcdef", False),
        quiet=Quiet(load, load, 0.0),
        found=list(found),
        failed=failed or {},
    )
