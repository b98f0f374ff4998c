"""The lake's reading side: events in the log's order, without what came twice and without what was erased."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from contracts.epochs import topic_id_of
from online.lake.folder import Folder
from online.lake.layout import SCHEMA, LakeFile, begin_of, hour_of, in_order_of_offset
from online.lake.position import noted_position
from online.lake.rules import STEPPING, Erasures, RecentIds, Row

TRAINING: Final = (
    "partition",
    "arrival",
    "type",
    "event_id",
    "user_id",
    "item_id",
    "kind",
    "value",
    "weight",
    "mood",
    "mood_said",
    "time",
    "place",
    "device",
    "session",
    "request_id",
    "bundle",
    "shown",
    "extra",
)
_NEEDED: Final = tuple(name for name in Row._fields if name != "incarnation")
Positions = Mapping[str, Mapping[int, int]]
"""By life of the topic and partition: the next offset that the lake lacked."""
_LAST_RARE: Final = "erase"
"""`alias` and `erase` sort before all other types, so that a file's footer says whether it may hold one."""


def read_events(
    url: str,
    namespace: str,
    *,
    since: int | None = None,
    until: int | None = None,
    columns: Sequence[str] = SCHEMA.names,
    before: Positions | None = None,
    repeated: bool = False,
) -> Iterator[pa.Table]:
    """Tables of at most `RANGE` events that arrived in [since, until) (UTC ms), in order of (partition, offset).

    A topic that was made again follows after its earlier life. An event whose id is among its user's last 256 is left
    out unless `repeated` ones are asked for, and so are a user's events before their erasure. With `before` (from
    `positions`) the lake is read as it stood then. Raises `Unavailable`, `StateUnreadable` for a damaged file.
    """
    recent = RecentIds()
    for part in parts(url, namespace, since=since, until=until, columns=columns, before=before):
        kept = ~part.erased
        if not repeated:
            rows = _rows(part.table, part.incarnation)
            recent = RecentIds() if part.begins else recent
            kept &= np.fromiter((recent.is_new(row) for row in rows), np.bool_, len(part.table))
        yield part.table.filter(pa.array(kept)).select(list(columns))


class Part(NamedTuple):
    """What the lake has of one range of one partition, in order of offset, with what came twice and was erased."""

    incarnation: str
    begins: bool
    """Whether it's the first of users who are in none before: of a partition, or of a topic that got more of them."""
    table: pa.Table
    """The columns that were asked for, and those that `rules` look at."""
    erased: NDArray[np.bool_]
    """(n,): the rows that came before their user's erasure."""


def parts(
    url: str,
    namespace: str,
    *,
    since: int | None = None,
    until: int | None = None,
    columns: Sequence[str] = SCHEMA.names,
    before: Positions | None = None,
) -> Iterator[Part]:
    """The same as `read_events` reads it, to be sifted by whoever asks."""
    folder = Folder(url, namespace)
    files = folder.files()
    erasures = Erasures(row for file in files for row in _rare_rows(folder, file))
    names = list(dict.fromkeys([*_NEEDED, *columns]))
    changed = {topic_id_of(file.incarnation) for file in files if topic_id_of(file.incarnation) != file.incarnation}
    topic_before = ""
    for (incarnation, partition), of_partition in groupby(_in_order(files, since, until), key=lambda file: file[:2]):
        topic_id = topic_id_of(incarnation)
        begins = topic_id not in changed or topic_id != topic_before  # its users may go on in another partition
        topic_before = topic_id
        end = None if before is None else before.get(incarnation, {}).get(partition, 0)
        for first, of_range in groupby(of_partition, key=lambda file: file.first):
            if end is not None and first >= end:
                continue
            table = in_order_of_offset([folder.table(file, names) for file in of_range])
            table = _arrived(table if end is None else _before(table, end), since, until)
            yield Part(incarnation, begins, table, _erased(table, incarnation, erasures))
            begins = False


def read_table(
    url: str,
    namespace: str,
    *,
    since: int | None = None,
    until: int | None = None,
    columns: Sequence[str] = SCHEMA.names,
    before: Positions | None = None,
    repeated: bool = False,
) -> pa.Table:
    """All that `read_events` gives, as one table."""
    none = pa.schema([SCHEMA.field(name) for name in columns]).empty_table()
    found = read_events(url, namespace, since=since, until=until, columns=columns, before=before, repeated=repeated)
    return pa.concat_tables([none, *found])


def positions(url: str, namespace: str) -> Positions:
    """How far the lake has each partition of each life of the topic, now: what `before` reads up to again, later."""
    folder = Folder(url, namespace)
    found: dict[str, dict[int, int]] = {}
    for incarnation, partition in sorted({file[:2] for file in folder.files()}):
        found.setdefault(incarnation, {})[partition] = noted_position(folder, incarnation, partition)
    return found


def newest(url: str, namespace: str, before: Positions, most: int) -> int:
    """The beginning (UTC ms) of the hour from which on at most so many offsets arrived, before `before`; 0 for all.

    By the files' names alone, so a range that goes over several hours counts to the last of them as a whole.
    """
    files = [file for file in Folder(url, namespace).files() if file.first < _end(before, file)]
    first: dict[tuple[str, int], int] = {}
    counted, reached = 0, 0
    for hour, of_hour in groupby(sorted(files, key=lambda file: file.hour, reverse=True), key=lambda file: file.hour):
        for file in of_hour:
            known = first.get(file[:2], _end(before, file))
            counted += max(0, known - file.first)
            first[file[:2]] = min(known, file.first)
        if counted > most and reached:
            return reached
        reached = begin_of(hour)
    return 0


def _end(before: Positions, file: LakeFile) -> int:
    return before.get(file.incarnation, {}).get(file.partition, 0)


def to_training(table: pa.Table) -> pa.Table:
    """The columns of TRAINING, of impressions and the events that step a user's state, in the table's order.

    A mood event has an empty `item_id` and `kind`; an interaction's `mood` is the context's, or empty.
    """
    wanted = pc.is_in(table["type"], pa.array([*STEPPING, "impression"]))
    said = pc.or_(pc.not_equal(table["type"], "mood"), pc.not_equal(table["mood"], ""))
    return table.filter(pc.and_(wanted, said)).select(list(TRAINING))


def _in_order(files: Sequence[LakeFile], since: int | None, until: int | None) -> list[LakeFile]:
    """The files that may hold such arrivals: earlier lives of the topic first, then by partition and range."""
    births: dict[str, str] = {}
    for file in files:
        births[file.incarnation] = min(file.hour, births.get(file.incarnation, file.hour))
    first, last = hour_of(since or 0), "9" if until is None else hour_of(until)
    wanted = [file for file in files if first <= file.hour <= last]
    return sorted(wanted, key=lambda file: (births[file.incarnation], file))


def _arrived(table: pa.Table, since: int | None, until: int | None) -> pa.Table:
    arrival = table["arrival"].to_numpy()
    wanted = np.ones(len(arrival), np.bool_)
    if since is not None:
        wanted &= arrival >= since
    if until is not None:
        wanted &= arrival < until
    return table if wanted.all() else table.filter(pa.array(wanted))


def _before(table: pa.Table, end: int) -> pa.Table:
    """The rows of offsets below `end`, in a table in order of offset."""
    return table.slice(0, int(np.searchsorted(table["offset"].to_numpy(), end)))


def _erased(table: pa.Table, incarnation: str, erasures: Erasures) -> NDArray[np.bool_]:
    erased = np.zeros(len(table), np.bool_)
    own = np.flatnonzero(pc.is_in(table["user_id"], pa.array(erasures.users, pa.string())))
    erased[own] = [erasures.covers(row) for row in _rows(table.take(pa.array(own)), incarnation)]
    return erased


def _rare_rows(folder: Folder, file: LakeFile) -> list[Row]:
    """The `alias` and `erase` events of one file."""
    if folder.least(file, "type") > _LAST_RARE:
        return []
    table = folder.table(file, _NEEDED)
    return list(_rows(table.filter(pc.is_in(table["type"], pa.array(["alias", "erase"]))), file.incarnation))


def _rows(table: pa.Table, incarnation: str) -> Iterator[Row]:
    columns = [table[name].to_pylist() for name in _NEEDED]
    return (Row(incarnation, *values) for values in zip(*columns, strict=True))
