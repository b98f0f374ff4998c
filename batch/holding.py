"""What is held of a lake that is read for training: columns, everything of as many users as fit, the newest pages.

Rows come as the lake has them, a partition after the other; a `Log` is in the order of arrival.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.chunk import ROW, Chunk, column, recoded, together
from batch.contexts import COLUMNS, Contexts
from batch.drawn_users import DrawnUsers
from batch.log import Log
from batch.pages import Pages
from contracts.kinds import MOOD_KIND, ORDER
from contracts.moods import mood_of
from online.lake.read import Part
from online.lake.rules import STEPPING
from online.store.recent import RecentIds
from online.store.state import FORWARDED, id_hash

_KINDS: Final[dict[str, int]] = {"": MOOD_KIND} | {str(kind): row for row, kind in enumerate(ORDER)}
_ENDING, _ERASED, _FORWARDED = 1, 2, 4
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)

Bools = NDArray[np.bool_]


class Holding:
    """Takes a lake's parts in their order and gives their log; holds `most` events at most, 0 for all there are.

    Of more it lets half of the users go, and again; impressions stay for those who remain, the newest alone.
    """

    def __init__(self, most: int = 0, salt: str = "") -> None:
        self._most = most
        self._users = DrawnUsers(salt)
        self._items: dict[str, int] = {}
        self._pages = Pages()
        self._ended: list[Chunk] = []
        """Partitions that are over, without what came twice or was erased."""
        self._current: list[Chunk] = []
        self._read = self._begun = self._latest_shown = self._held = 0

    @property
    def share(self) -> float:
        """Of the users, in (0, 1]."""
        return self._users.share

    def take(self, part: Part) -> None:
        """The next range of a partition, with the columns of `online.lake.read.TRAINING`."""
        if part.begins:
            self._end()
        table, arrival = part.table, part.table["arrival"].to_numpy()
        places = self._read + np.arange(len(table))
        self._read += len(table)
        shown = pc.equal(table["type"], "impression").to_numpy() & ~part.erased
        latest_shown = np.maximum.accumulate([self._latest_shown, *np.where(shown, arrival, 0)])[1:]
        self._latest_shown = int(latest_shown.max(initial=self._latest_shown))
        self._pages.take(table.filter(pa.array(shown)), latest_shown[shown], places[shown], self._users)
        self._add(part, np.maximum(arrival, latest_shown), places)
        while self._most and self._held > self._most:
            self._halve()

    def log(self) -> Log:
        """All that is held, in the order of arrival; nothing can be taken after it."""
        self._end()
        chunks, self._ended = self._ended, []
        latest, place = (column(chunks, name) for name in ("latest", "place"))
        order = np.lexsort((place, latest))
        shown = self._pages.before(latest[order], place[order])
        users, items = (np.array([*of, None], np.object_)[:-1] for of in (self._users.ids, self._items))
        return Log(
            user=users[column(chunks, "user")[order]],
            item=items[column(chunks, "item")[order]],
            kind=column(chunks, "kind")[order].astype(np.int32),
            weight=column(chunks, "weight")[order],
            mood=column(chunks, "mood")[order].astype(np.int32),
            time=column(chunks, "time")[order],
            value=column(chunks, "value")[order],
            context=Contexts([chunk.contexts for chunk in chunks], order),
            shown=shown,
        )

    def _add(self, part: Part, latest: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        table = part.table
        ending = _ending(table)
        said = pc.or_(pc.not_equal(table["type"], "mood"), pc.not_equal(table["mood"], "")).to_numpy()
        wanted = np.flatnonzero(pc.is_in(table["type"], pa.array(STEPPING)).to_numpy() & said | ending)
        user = self._users.codes(table["user_id"].take(pa.array(wanted)))
        wanted, user = wanted[user >= 0], user[user >= 0]
        table = table.take(pa.array(wanted))
        rows = np.zeros(len(table), ROW)
        rows["user"], rows["latest"], rows["place"] = user, latest[wanted], places[wanted]
        rows["item"] = _coded(table["item_id"], lambda item: self._items.setdefault(item, len(self._items)))
        rows["kind"] = _coded(table["kind"], _KINDS.__getitem__)
        rows["mood"] = _coded(table["mood"], lambda mood: mood_of(mood) or 0)
        rows["weight"], rows["time"] = table["weight"].to_numpy(), table["time"].to_numpy()
        rows["value"] = table["value"].to_numpy()  # None becomes NaN
        ids = table["event_id"].to_pylist()
        rows["id"] = np.fromiter(map(id_hash, ids), np.uint64, len(ids))
        forwarded = np.fromiter((one.startswith(FORWARDED) for one in ids), np.bool_, len(ids))
        rows["mark"] = ending[wanted] * _ENDING | part.erased[wanted] * _ERASED | forwarded * _FORWARDED
        self._current = together([*self._current, Chunk(rows, table.select(COLUMNS))])
        self._held += len(rows)

    def _halve(self) -> None:
        codes = self._users.halve()
        self._pages.only(self._users)
        self._ended, self._current = recoded(self._ended, codes), recoded(self._current, codes)
        self._count()

    def _end(self) -> None:
        """Of a partition: a user's events are in no other."""
        user, ids, mark = (column(self._current, name) for name in ("user", "id", "mark"))
        kept = ~_repeated(user, ids, mark) & (mark & (_ENDING | _ERASED) == 0)
        ends = np.cumsum([len(chunk.rows) for chunk in self._current])[:-1]
        chunks = (
            [chunk.only(own) for chunk, own in zip(self._current, np.split(kept, ends), strict=True)]
            if len(kept)
            else []
        )
        latest = 0
        for chunk in chunks:
            chunk.rows["latest"] = np.maximum.accumulate(np.maximum(chunk.rows["latest"], latest))
            latest = chunk.rows["latest"].max(initial=latest)
        self._pages.end(self._begun, *(column(chunks, name) for name in ("latest", "place")))
        self._ended += chunks
        self._current, self._latest_shown, self._begun = [], 0, self._read
        self._count()

    def _count(self) -> None:
        self._held = sum(len(chunk.rows) for chunk in (*self._ended, *self._current))


def _ending(table: pa.Table) -> Bools:
    """Which rows empty their user's history."""
    alias = pc.equal(table["type"], "alias").to_numpy()
    known_as, user = table["known_as"].to_pylist() if alias.any() else [], table["user_id"]
    for row in np.flatnonzero(alias).tolist():
        alias[row] = known_as[row] != user[row].as_py()
    return np.asarray(alias | pc.equal(table["type"], "erase").to_numpy(), np.bool_)


def _repeated(user: NDArray[np.int32], ids: NDArray[np.uint64], mark: NDArray[np.uint8]) -> Bools:
    """Which rows of a partition came again, by the rule of `online.lake.rules`: asked only of whom an id came twice."""
    repeated = np.zeros(len(user), np.bool_)
    pairs = ids ^ (user.astype(np.uint64) * _ODD)
    pairs_sorted = np.sort(pairs)
    twice = pairs_sorted[1:][pairs_sorted[1:] == pairs_sorted[:-1]]
    if not len(twice):
        return repeated
    suspected = np.flatnonzero(np.isin(user, user[np.isin(pairs, twice)]))
    recent: defaultdict[int, RecentIds] = defaultdict(RecentIds)
    for row in suspected.tolist():
        own, known = recent[int(user[row])], int(ids[row])
        if own.has(known):
            repeated[row] = True
        elif mark[row] & _ENDING:
            own.end_hashed(known)
        else:
            own.enter_hashed(known, forwarded=bool(mark[row] & _FORWARDED))
    return repeated


def _coded(said: pa.ChunkedArray, code: Callable[[str], int]) -> NDArray[np.int32]:
    """Each text's code."""
    texts = said.combine_chunks().dictionary_encode()
    found = np.fromiter(map(code, texts.dictionary.to_pylist()), np.int32, len(texts.dictionary))
    return np.asarray(found[texts.indices.to_numpy()], np.int32)
