"""What a run came to: its table, and what it really hit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

MUST_BE_HIT: Final = (
    "redeliveries",
    "refused writes",
    "kills inside a batch",
    "seeks back",
    "dead letters",
    "duplicates",
    "misplaced",
)
"""A run with none of one of these has shown nothing about it, so it fails."""


@dataclass
class Row:
    """One fault over all rounds."""

    fault: str
    times: int = 0
    lost: int = 0
    doubled: int = 0
    recovery_s: list[float] = field(default_factory=list)


def table(rows: Sequence[Row]) -> str:
    """As Markdown."""
    lines = ["| fault | times | lost | doubled | recovered after (median, longest) |", "|---|--:|--:|--:|--:|"]
    for row in rows:
        took = f"{median(row.recovery_s):.1f} s, {max(row.recovery_s):.1f} s" if row.recovery_s else ""
        lines.append(f"| {row.fault} | {row.times:,} | {row.lost:,} | {row.doubled:,} | {took} |")
    total = Row("all", sum(row.times for row in rows), sum(row.lost for row in rows), sum(row.doubled for row in rows))
    lines.append(f"| **{total.fault}** | {total.times:,} | {total.lost:,} | {total.doubled:,} | |")
    return "\n".join(lines)


def hits(counted: Mapping[str, int]) -> str:
    """One line."""
    return " · ".join(f"{name} {count:,}" for name, count in counted.items())


def never_hit(counted: Counter[str]) -> list[str]:
    """What the run should have met, and didn't."""
    return [name for name in MUST_BE_HIT if not counted[name]]
