"""Rounds of faults in an order drawn from the seed, and the verdict: nothing lost, nothing twice, the same bytes."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from online.lake.folder import Folder
from tests.faults.book import Found
from tests.faults.inject import FAULTS
from tests.faults.recorded import WAYS
from tests.faults.run import Run
from tests.faults.table import Row, hits, table

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
    report = Report({fault: Row(fault) for fault in faults})
    try:
        run.begin()
        for run.round in range(number):
            if not report.wrong:
                _round(run, seed, faults, report, say)
        if not report.wrong:
            report.wrong += _ended(run)
    except (AssertionError, TimeoutError) as error:
        report.wrong.append(f"{run.fault}: {error}")
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
    row.lost += sum(found.lost.values())
    row.doubled += sum(found.doubled.values())
    row.recovery_s.append(took)
    if not found.nothing:
        report.wrong.append(f"{run.fault}, round {run.round + 1}: {_said(found)}")


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
    sent = Counter(one.way for one in book.acknowledged.values())
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
            "acknowledged": len(book.acknowledged),
        }
    )
    report.counted.update(run.hits)
    report.counted.update({f"{way} sends": sent[way] for way in WAYS})
