"""The rows that can't be taken in: each with its reason into a file, the first ones and the reasons into the report."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import msgspec

NAME: Final = "wrong-rows.csv"
SHOWN: Final = 10
_RAW: Final = 10_000
_REASONS: Final = 100
_DETAIL: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|\b\d[\d,.]*")


class WrongRow(msgspec.Struct):
    """A row that was not taken in."""

    line: int
    """Of a text file, counted from 1; the row of a Parquet file."""
    reason: str
    raw: str
    file: str


class WrongRows:
    """Counts wrong rows by reason, shows the first, writes them all."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(("line", "reason", "raw", "file"))
        self.count = 0
        self.first: list[WrongRow] = []
        self.reasons: Counter[str] = Counter()

    def add(self, row: WrongRow) -> None:
        """Take one."""
        raw = row.raw if len(row.raw) <= _RAW else f"{row.raw[:_RAW]}…"
        self._writer.writerow((row.line, row.reason, raw, row.file))
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(msgspec.structs.replace(row, raw=raw[:200]))
        reason = _DETAIL.sub("…", row.reason)
        self.reasons[reason if reason in self.reasons or len(self.reasons) < _REASONS else "other reasons"] += 1


@contextmanager
def wrong_rows(folder: Path) -> Iterator[WrongRows]:
    """Writes `wrong-rows.csv` in the folder, of this run alone; where nothing was wrong there is none."""
    path, beside = folder / NAME, folder / f"{NAME}.part"
    with beside.open("w", encoding="utf-8", errors="replace", newline="") as file:
        found = WrongRows(file)
        try:
            yield found
        finally:
            file.flush()
            if found.count:
                beside.replace(path)
            else:
                beside.unlink()
                path.unlink(missing_ok=True)
