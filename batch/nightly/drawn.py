"""Of the new events of as many users as fit: which came again, and which came quicker than from anybody's hand."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from batch.drawn_users import DrawnUsers
from contracts.hashing import hash64

_ROW: Final = np.dtype([("user", "i4"), ("minute", "i4"), ("id", "u8"), ("thing", "u8"), ("taken", "?"), ("bot", "?")])
_MINUTE_MS: Final = 60_000
_LOOSE: Final = 256
"""Pieces that are made one: each costs as much as some rows."""

Hashes = NDArray[np.uint64]


class Drawn:
    """Columns of `most` events at most (0: of all), by some of the users where not all fit."""

    def __init__(self, most: int, salt: str) -> None:
        self._most = most
        self._users = DrawnUsers(salt)
        self._pieces: list[NDArray[np.void]] = []
        self._loose: list[NDArray[np.void]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def users(self) -> int:
        """How many they are."""
        return len(self._users.ids)

    @property
    def share(self) -> float:
        """Of all users, in (0, 1]."""
        return self._users.share

    def take(self, new: pa.Table) -> None:
        """Some more rows, with the columns of `Seen`."""
        user = self._users.codes(new["user_id"])
        new, user = new.filter(pa.array(user >= 0)), user[user >= 0]
        rows = np.zeros(len(new), _ROW)
        time = new["time"].to_numpy()
        rows["user"], rows["minute"] = user, time // _MINUTE_MS
        rows["id"] = np.fromiter(map(hash64, new["event_id"].to_pylist()), np.uint64, len(new))
        item, kind = (_of_each(new[name], hash64) for name in ("item_id", "kind"))
        rows["thing"] = _mixed(_mixed(item, kind), time.astype(np.uint64))
        rows["taken"] = pc.equal(new["type"], "interaction").to_numpy()
        rows["bot"] = pc.equal(new["device"], "bot").to_numpy()
        self._loose.append(rows)
        self._count += len(rows)
        if len(self._loose) >= _LOOSE:
            self._settle()
        while self._most and self._count > self._most:
            self._halve()

    def again(self) -> tuple[int, int]:
        """How many events came again under their id, and how many interactions say the same under another."""
        rows = self._all()
        taken = rows[rows["taken"]]
        return _repeats(rows["user"], rows["id"]), _repeats(taken["user"], taken["thing"])

    def bots(self, a_minute: int) -> float:
        """The share of interactions by who says to be a bot, or has so many within a minute."""
        rows = self._all()
        rows = rows[rows["taken"]]
        if not len(rows):
            return 0.0
        minutes = rows["user"].astype(np.int64) << 32 | rows["minute"]
        _, which, counts = np.unique(minutes, return_inverse=True, return_counts=True)
        return int((rows["bot"] | (counts[which] >= a_minute)).sum()) / len(rows)

    def _halve(self) -> None:
        codes = self._users.halve()
        self._settle()
        self._pieces = [_recoded(piece, codes) for piece in self._pieces]
        self._count = sum(map(len, self._pieces))

    def _settle(self) -> None:
        self._pieces.append(np.concatenate([np.zeros(0, _ROW), *self._loose]))
        self._loose = []

    def _all(self) -> NDArray[np.void]:
        self._settle()
        self._pieces = [np.concatenate(self._pieces)]
        return self._pieces[0]


def _recoded(rows: NDArray[np.void], codes: NDArray[np.int32]) -> NDArray[np.void]:
    rows["user"] = codes[rows["user"]]
    return rows[rows["user"] >= 0]


def _of_each(column: pa.ChunkedArray, made: Callable[[str], int]) -> Hashes:
    texts = column.combine_chunks().dictionary_encode()
    found = np.fromiter(map(made, texts.dictionary.to_pylist()), np.uint64)
    return np.asarray(found[texts.indices.to_numpy()], np.uint64)


def _mixed(one: Hashes, other: Hashes) -> Hashes:
    """A hash of both, by the finalizer of SplitMix64 (G. Steele et al., 2014)."""
    z = one * np.uint64(0x9E3779B97F4A7C15) + other
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _repeats(user: NDArray[np.int32], what: Hashes) -> int:
    return len(user) - len(np.unique(_mixed(user.astype(np.uint64), what)))
