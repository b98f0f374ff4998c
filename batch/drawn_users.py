"""A share of all users, drawn by their ids: where not everything can be held, everything is of some of them."""

from array import array
from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contracts.hashing import hash64

_BITS: Final = 64


class DrawnUsers:
    """Users and their codes, counted on from 0. At first all are drawn; each halving lets half of them go.

    Who stays depends on the salt and the id alone, so whoever reads the same lake holds the same users.
    """

    def __init__(self, salt: str = "") -> None:
        self._salt = salt
        self._halvings = 0
        self._codes: dict[str, int] = {}
        self._hashes = array("Q")

    @property
    def share(self) -> float:
        """Of all users, in (0, 1]."""
        return 0.5**self._halvings

    @property
    def ids(self) -> list[str]:
        """By code."""
        return list(self._codes)

    def codes(self, ids: pa.ChunkedArray) -> NDArray[np.int32]:
        """The code of each (n,), -1 for one who isn't drawn."""
        coded = ids.combine_chunks().dictionary_encode()
        found = np.fromiter(map(self._code, coded.dictionary.to_pylist()), np.int32, len(coded.dictionary))
        return np.asarray(found[coded.indices.to_numpy()], np.int32)

    def drawn(self, ids: Iterable[str]) -> NDArray[np.bool_]:
        """Whether each is, without a code."""
        return np.array([self._has(hash64(self._salt + user)) for user in ids], np.bool_)

    def halve(self) -> NDArray[np.int32]:
        """Let half of the users go; the new code of each old one, -1 for who went."""
        self._halvings += 1
        kept = np.array([self._has(one) for one in self._hashes], np.bool_)
        found = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
        self._codes = {user: int(code) for user, code in zip(self._codes, found, strict=True) if code >= 0}
        self._hashes = array("Q", (one for one, stays in zip(self._hashes, kept, strict=True) if stays))
        return found

    def _code(self, user: str) -> int:
        code = self._codes.get(user)
        if code is None:
            hashed = hash64(self._salt + user)
            if not self._has(hashed):
                return -1
            code = self._codes[user] = len(self._codes)
            self._hashes.append(hashed)
        return code

    def _has(self, hashed: int) -> bool:
        return not hashed >> (_BITS - self._halvings)
