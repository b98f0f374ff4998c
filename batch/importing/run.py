"""Bring a data set into the plain form, or say what would be: read, check, sort by time, count, write."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from batch.dataset import bare_items
from batch.delimited import Wrong
from batch.importing.events import EventTable, PlainRow, arrow_columns
from batch.importing.items import Items
from batch.importing.kinds import KindWords
from batch.importing.notes import notes_on
from batch.importing.report import FileFound, Report, columns_of
from batch.importing.roles import EVENTS, ITEMS, USERS, Roles, roles
from batch.importing.sorting import ROW, TIME, Sorter
from batch.importing.source import Source
from batch.importing.tally import Tally
from batch.importing.users import Users
from batch.importing.write import EVENTS_FILE, ITEMS_FILE, refuse_sources, write_events, write_items
from batch.importing.wrong import NAME, WrongRow, WrongRows, wrong_rows
from batch.table import Table, table
from contracts.errors import InvalidEvent, Misconfigured, Unavailable
from contracts.events import ItemEvent

_BATCH: Final = 8192

Tell = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is, and how much there is."""
Sink = Callable[[Iterator[Any], Any], None]
"""Takes the sorted events as pyarrow tables, and their schema."""


def examine(source: Source, out: Path, tell: Tell) -> Report:
    """What `bring_in` would do; writes nothing but the wrong rows, as `wrong-rows.csv` in `out`.

    Raises `InvalidEvent` for files that are no tables, are cut off, or have no columns for user, item and time;
    `Misconfigured` for a wrong choice.
    """
    with _place(out), wrong_rows(out) as wrong:
        return _Import(source, out, wrong, tell).run(lambda parts, _: _drain(parts))


def bring_in(source: Source, out: Path, tell: Tell) -> Report:
    """Write `events.parquet`, sorted by time, and `items.parquet` in the plain form, and wrong rows, into `out`.

    Where no event is good nothing is written (`Report.events` is 0). What was there before stays until all is
    done. Raises as `examine` does, and `Unavailable` where the disk is full.
    """
    refuse_sources(source, out)
    with _place(out), wrong_rows(out) as wrong:
        one = _Import(source, out, wrong, tell)
        report = one.run(lambda parts, schema: write_events(out, parts, schema))
        if report.events:
            write_items(out, one.catalogue)
            report.written = [str(out / ITEMS_FILE), str(out / EVENTS_FILE)]
        return report


class _Import:
    """One run over a source."""

    def __init__(self, source: Source, out: Path, wrong: WrongRows, tell: Tell) -> None:
        self._source = source
        self._out = out
        self._wrong = wrong
        self._tell = tell
        self._report = Report(files=[])
        self._names: set[str] = set()
        self._words = KindWords(source.kinds, source.kind)
        self.catalogue: Sequence[ItemEvent] = ()
        """The items of the items file, else those of the events as bare ids."""

    def run(self, sink: Sink) -> Report:
        """Read all, hand the sorted events on, and say what there was."""
        items = self._items()
        tally = self._events(frozenset(items.of) if items else None, sink)
        self.catalogue = list(items.of.values()) if items else bare_items(tally.items)
        report = self._report
        report.events, report.users, report.items = tally.events, tally.users, len(tally.items)
        report.has_items_file = items is not None
        report.catalogue, report.repeated_items = len(self.catalogue), items.repeated if items else 0
        report.kinds, report.words = dict(tally.kinds.most_common()), self._words.understood
        report.first_ms, report.last_ms = tally.first_ms, tally.last_ms
        report.tied = tally.tied / tally.events if tally.events else 0.0
        report.lowest, report.highest = tally.lowest, tally.highest
        report.context, report.unknown_items = tally.context(), tally.unknown_items
        report.wrong, report.first_wrong = self._wrong.count, self._wrong.first
        report.reasons = dict(self._wrong.reasons.most_common())
        report.wrong_file = str(self._out / NAME) if self._wrong.count else ""
        report.notes = notes_on(report)
        return report

    def _items(self) -> Items | None:
        if self._source.items is None:
            return None
        with table(self._source.items, (), self._source.double_colon.items, self._source.encoding) as found:
            parts = roles(found.names, ITEMS, ("item_id",), self._source.item_columns, self._source.without, found.path)
            items = Items(found, parts)
            self._take(found, items.read(), lambda: items.rows)
            notes = {"categories": f"separated by {items.separator!r}"} | dict.fromkeys(items.content, "categories too")
            self._found(found, parts, items.rows, "content", notes)
        return items

    def _users(self, taken: Sequence[str]) -> Users | None:
        if self._source.users is None:
            return None
        with table(self._source.users, (), self._source.double_colon.users, self._source.encoding) as found:
            parts = roles(found.names, USERS, ("user_id",), {}, self._source.without, found.path)
            users = Users(found, parts, taken)
            self._take(found, users.read(), lambda: users.rows)
            notes = dict.fromkeys(parts.further, "of each of the user's events")
            self._found(found, parts, users.rows, "context", notes)
        return users

    def _events(self, items: frozenset[str] | None, sink: Sink) -> Tally:
        source = self._source
        with table(source.events, source.header, source.double_colon.events, source.encoding) as found:
            parts = roles(found.names, EVENTS, EVENTS_NEEDED, source.columns, source.without, found.path)
            events = EventTable(found, parts, self._words, source.best_rating)
            users = self._users(events.columns)
            self._demand_left_out([*found.names, *(name.rsplit(" (", 1)[0] for name in found.unfit)])
            schema = _schema(found, events, users)
            with closing(Sorter(self._out, schema)) as sorter:
                read = self._read(found, events, users, sorter)
                self._found(found, parts, read, "context", {"timestamp": events.unit, **_alone(parts, source.kind)})
                if read == 0:
                    raise InvalidEvent(f"{found.path} has a line of names and no rows")
                context = (*events.context, *(users.columns if users else ()))
                tally = Tally(context, items)
                if sorter.rows:
                    sink(self._counted(sorter, tally), schema.remove(schema.get_field_index(ROW)))
        return tally

    def _read(self, found: Table, events: EventTable, users: Users | None, sorter: Sorter) -> int:
        """Read and check all rows into the sorter; returns how many there were."""
        good: list[PlainRow] = []
        read = 0
        for read, row in enumerate(events.rows(), 1):  # noqa: B007 - the last counts
            if isinstance(row, Wrong):
                self._wrong.add(WrongRow(row.number, row.reason, row.raw, str(found.path)))
            else:
                good.append(row)
            if len(good) == _BATCH:
                self._spill(good, events, users, sorter)
                self._tell(f"reading {found.path.name}", found.done(), found.size)
        self._spill(good, events, users, sorter)
        self._tell(f"reading {found.path.name}", found.size, found.size)
        return read

    def _spill(self, good: list[PlainRow], events: EventTable, users: Users | None, sorter: Sorter) -> None:
        if not good:
            return
        columns: dict[str, Any] = dict(arrow_columns(events.columns, good, events.textual))
        columns[ROW] = [row.number for row in good]
        if users:
            joined, unknown = users.join(columns["user_id"])
            columns |= dict(zip(users.columns, joined, strict=True))
            self._report.unknown_users += unknown
        sorter.add(columns)
        good.clear()

    def _counted(self, sorter: Sorter, tally: Tally) -> Iterator[Any]:
        """The sorted events without those that say what another says, which are named as wrong; counts go on."""
        path, done = str(self._source.events), 0
        for part in sorter.merged():
            done += part.num_rows
            repeated = list(tally.repeats(part))
            for index, row in repeated:
                cells = part.slice(index, 1).drop_columns([ROW]).to_pylist()[0].values()
                raw = ",".join("" if cell is None else str(cell) for cell in cells)
                self._wrong.add(WrongRow(row, "it says the same as another row", raw, path))
            kept = _without(part, [index for index, _ in repeated]).drop_columns([ROW])
            tally.count(kept)
            yield kept
            self._tell("sorting by time", done, sorter.rows)

    def _demand_left_out(self, names: Sequence[str]) -> None:
        strange = self._source.without.difference(names, self._names)
        if strange:
            raise Misconfigured(f"no file has a column {', '.join(sorted(strange))} to be left out")

    def _take(self, found: Table, rows: Iterator[Wrong], read: Callable[[], int]) -> None:
        for row in rows:
            self._wrong.add(WrongRow(row.number, row.reason, row.raw, str(found.path)))
        if not read():
            raise InvalidEvent(f"{found.path} has a line of names and no rows")

    def _found(self, found: Table, parts: Roles, rows: int, further: str, notes: dict[str, str]) -> None:
        self._names.update(found.names)
        columns = columns_of(found.names, parts, further, notes, found.unfit)
        self._report.files.append(FileFound(str(found.path), found.form, rows, columns))


EVENTS_NEEDED: Final = ("user_id", "item_id", TIME)


def _alone(parts: Roles, kind: str) -> dict[str, str]:
    """What the part of a column means where no column says kinds."""
    return {} if "kind" in parts.of else {"value": f"each event is a {kind or 'rating'}"}


def _schema(found: Table, events: EventTable, users: Users | None) -> Any:
    fixed = {
        "user_id": pa.string(),
        "item_id": pa.string(),
        TIME: pa.int64(),
        "kind": pa.string(),
        "value": pa.float64(),
    }
    own = {name: fixed.get(name) or events.type_of(name) for name in events.columns}
    theirs = dict.fromkeys(users.columns if users else (), pa.string())
    return pa.schema([*own.items(), *theirs.items(), (ROW, pa.int64())])


def _without(part: Any, indices: Sequence[int]) -> Any:
    if not indices:
        return part
    kept = set(range(part.num_rows)).difference(indices)
    return part.take(pa.array(sorted(kept)))


def _drain(parts: Iterator[Any]) -> None:
    deque(parts, maxlen=0)


@contextmanager
def _place(out: Path) -> Iterator[None]:
    """The folder to work in; it goes again where it was made for nothing. Raises `Unavailable` for a full disk."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise Unavailable(f"{out} can't be written: {error}") from error
    finally:
        with suppress(OSError):
            out.rmdir()
