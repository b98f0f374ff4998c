"""What changed between two runs: `make bench-compare A=old/bench.json B=new/bench.json`.

Ratios are compared, not figures: each was taken beside its reference in the same run, so a slower machine slows both.
What has no reference is compared as it is. Moved is what lies outside of the spread of both runs.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from rich.table import Table

from benchmarks.result import Measured, Ratio, spread_of
from benchmarks.run_file import Run, read
from benchmarks.shown import figure
from contracts.errors import Misconfigured
from moodstream.console import console, say

_ONCE: Final = 1.1
Verdict = Literal["better", "worse", "as before", "only in A", "only in B"]


class Change(NamedTuple):
    """One figure in both runs."""

    name: str
    a: Measured | None
    b: Measured | None
    times: float | None
    """How many times as good as before: the ratio of the ratios."""
    verdict: Verdict


def changes(a: Run, b: Run) -> list[Change]:
    """In the order of the newer run; what only the older one has, last."""
    before, now = {one.name: one for one in a.found}, {one.name: one for one in b.found}
    names = [*now, *(name for name in before if name not in now)]
    return [_change(name, before.get(name), now.get(name)) for name in names]


def _change(name: str, a: Measured | None, b: Measured | None) -> Change:
    if a is None or b is None:
        return Change(name, a, b, None, "only in B" if a is None else "only in A")
    before, now = worth(a), worth(b)
    return Change(name, a, b, now.median / before.median, verdict(before, now))


def worth(one: Measured) -> Ratio:
    """Its ratio; without a reference the figure itself, or what is left of 1 where less is better: more is better."""
    if one.ratio:
        return one.ratio
    return spread_of([value if one.better == "higher" else 1 / value for value in one.ours])


def verdict(a: Ratio, b: Ratio) -> Verdict:
    """Moved is what doesn't overlap; what was measured once may waver by a tenth."""
    (a_least, a_most), (b_least, b_most) = _within(a), _within(b)
    if b_least > a_most:
        return "better"
    return "worse" if b_most < a_least else "as before"


def _within(one: Ratio) -> tuple[float, float]:
    return (one.least, one.most) if one.least < one.most else (one.least / _ONCE, one.most * _ONCE)


def caveats(a: Run, b: Run) -> Iterator[str]:
    """Why the comparison may mislead."""
    if a.provenance.machine != b.provenance.machine:
        yield f"other machines: {a.provenance.machine} and {b.provenance.machine}"
    for name, run in (("A", a), ("B", b)):
        if run.quick:
            yield f"{name} was a quick run, too small to be quoted"
        if run.provenance.dirty:
            yield f"{name} ran with changes that aren't in its commit"
        if max(run.quiet.load_before, 10 * run.quiet.steal_share) > run.provenance.machine.cores / 2:
            yield f"{name}'s machine was busy: load {run.quiet.load_before}, stolen {run.quiet.steal_share:.1%}"
        for bench, why in run.failed.items():
            yield f"{name} has no figures of {bench}: {why}"


def print_changes(a: Run, b: Run) -> None:
    """The table, and what to mind."""
    for name, run in (("A", a), ("B", b)):
        say(f"{name}: {run.began}, commit {run.provenance.commit[:10]}{' and changes' if run.provenance.dirty else ''}")
    for caveat in caveats(a, b):
        say(f"mind: {caveat}")
    table = Table(box=None, pad_edge=False)
    for name in ("what", "A", "B", "B over A", ""):
        table.add_column(name, justify="left" if name in ("what", "") else "right")
    for one in changes(a, b):
        times = "" if one.times is None else f"{one.times:.2f}"
        table.add_row(one.name, _said(one.a), _said(one.b), times, one.verdict)
    console.print(table)
    say("Times as good as the reference, median [least, most]; where there's none, the figure itself.")


def _said(one: Measured | None) -> str:
    if one is None:
        return ""
    return one.ratio.said() if one.ratio else f"{figure(statistics.median(one.ours))} {one.unit}"


def main() -> None:
    """Compare two files; 1 and one line where one isn't a run's."""
    parser = argparse.ArgumentParser(prog="make bench-compare A=… B=…", description=__doc__)
    parser.add_argument("a", type=Path, metavar="A", help="the older bench.json")
    parser.add_argument("b", type=Path, metavar="B", help="the newer one")
    chosen = parser.parse_args()
    try:
        print_changes(read(chosen.a), read(chosen.b))
    except Misconfigured as error:
        sys.exit(f"bench-compare: {error}")


if __name__ == "__main__":
    main()
