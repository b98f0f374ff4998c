"""Rounds of faults in an order drawn from the seed, and the verdict: nothing lost, nothing twice, the same bytes."""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from online.lake.folder import Folder
from tests.faults.book import Found
from tests.faults.named import FAULTS
from tests.faults.recorded import WAYS, Way
from tests.faults.run import Run
from tests.faults.table import Row, hits, table

log = logging.getLogger(__name__)
Say = Callable[[str], None]
_PLACE: Final = ("partition", "offset")


@dataclass
class Report:
    """What came of a run; it's green where `wrong` is empty."""

    rows: dict[str, Row]
    wrong: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def shown(self) -> str:
        return f"{table(list(self.rows.values()))}\n\n{hits(self.counted)}"


def rounds(run: Run, seed: int, number: int, faults: Sequence[str], say: Say) -> Report:
    """Every one of these faults once a round, each time in another order; ends at the first that does harm."""
    report = Report({name: Row(name) for name in (*faults, *map(_way, WAYS))})
    try:
        run.begin()
        for run.round in range(number):
            if not report.wrong:
                _round(run, seed, faults, report, say)
        if not report.wrong:
            report.wrong += _ended(run)
    except Exception as error:  # whatever it is, the seed and the command are to be shown
        log.debug("the run ended early", exc_info=error)
        report.wrong.append(f"{run.fault}: {error!r}")
    _count(run, report)
    return report


def _round(run: Run, seed: int, faults: Sequence[str], report: Report, say: Say) -> None:
    order = random.Random(f"{seed}/{run.round}").sample(faults, len(faults))
    run.stack.redis.copy("round")
    for run.fault in order:
        run.crew.settle()
        began = FAULTS[run.fault](run, random.Random(f"{seed}/{run.round}/{run.fault}"))
        found, took = run.recovered(), time.monotonic() - began
        _note(run, report, found, took)
        say(f"round {run.round + 1}  {run.fault:<32} {took:5.1f} s  {_said(found)}")
        if not found.nothing:
            return
    run.fault = "the end of the round"
    run.crew.settle()
    if not (found := run.recovered(everybody=True)).nothing:
        report.wrong.append(f"at the end of round {run.round + 1}: {_said(found)}")
    elif different := run.compared():
        some = ", ".join(different[:5])
        report.wrong.append(f"after round {run.round + 1} {len(different)} keys differ from the clean run's: {some}")
    else:
        say(f"round {run.round + 1}  byte for byte what a clean run leaves")


def _note(run: Run, report: Report, found: Found, took: float) -> None:
    row = report.rows[run.fault]
    row.times += 1
    row.recovery_s.append(took)
    for name, n in found.lost.items():
        report.rows[_row_of(run, name)].lost += n
    for name, n in found.doubled.items():
        report.rows[_row_of(run, name)].doubled += n
    if not found.nothing:
        report.wrong.append(f"{run.fault}, round {run.round + 1}: {_said(found)}")


def _row_of(run: Run, name: str) -> str:
    """What harm is laid to: how the event was sent, if not plainly, or what was just done to the programs."""
    way = run.book.way_of(name)
    return _way(way) if way != "plain" else run.fault


def _way(way: Way) -> str:
    return f"{way} sends"


def _said(found: Found) -> str:
    """In words, a few examples of many."""
    if found.nothing:
        return "nothing lost, nothing twice"
    parts = (("lost", found.lost), ("doubled", found.doubled))
    return "; ".join(
        f"{sum(which.values())} {name} ({', '.join(list(which)[:3])}{' …' if len(which) > 3 else ''})"
        for name, which in parts
        if which
    )


def _ended(run: Run) -> list[str]:
    """All workers end well when they're asked to, and the lake has every event that was learned, once."""
    run.fault = "the end"
    run.leave_kinesis()
    for worker in list(run.crew.alive):
        run.crew.stop(worker)
    folder = Folder(run.settings.lake_url, run.settings.namespace)
    rows = [row for file in folder.files() for row in folder.table(file, _PLACE).to_pylist()]
    places = {(row["partition"], row["offset"]) for row in rows}
    wrong = [f"the lake holds {len(rows) - len(places)} events twice"] if len(rows) > len(places) else []
    missing = run.book.in_lake - places
    return [*wrong, *([f"the lake lacks {len(missing)} events: {sorted(missing)[:3]}"] if missing else [])]


def _count(run: Run, report: Report) -> None:
    tally, book = run.crew.tally(), run.book
    report.counted.update(
        {
            "redeliveries": tally["redelivered"],
            "refused writes": run.crew.refused(),
            "kills inside a batch": 0,
            "seeks back": tally["seeks_back"],
            "dead letters": len(run.letters),
            "copies of dead letters": sum(run.letters.values()) - len(run.letters),
            "duplicates": book.duplicates,
            "misplaced": tally["misplaced"],
            "requests sent again": run.sender.refusals,
            "acknowledged": sum(book.ways.values()),
        }
    )
    report.counted.update(run.hits)
    for way in WAYS:
        report.rows[_way(way)].times = book.ways[way]
