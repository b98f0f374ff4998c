"""What is handed on at once: as much as fits, and of one user no more than the history's ids can tell from new ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from online.store.state import HISTORY
from stream.sources.kinesis.onward import MOST_BYTES
from stream.sources.kinesis.taken import Taken

OF_ONE: Final = HISTORY // 2
"""Events of one user between two checkpoints.

After a crash they come again. Their ids are among the user's last ones even if as many events of that user have come
from elsewhere meanwhile, so they have no second effect.
"""
_MOST: Final = 2000


class Parcel(NamedTuple):
    """Consecutive records."""

    taken: list[Taken]
    is_full: bool
    """Some user has had their share: a checkpoint must come before the next parcel."""


def parcels(taken: Iterable[Taken], since: Callable[[str], int]) -> Iterator[Parcel]:
    """The records in their order; `since` says how many of a key Kafka has beyond the last checkpoint.

    Ask for the next parcel only when Kafka has the last one, and after a full one's checkpoint.
    """
    parcel: list[Taken] = []
    of_each: Counter[str] = Counter()
    size = 0
    for one in taken:
        key, length = one.outgoing.key, len(one.outgoing.value) + len(one.outgoing.key)
        if parcel and (len(parcel) >= _MOST or size + length > MOST_BYTES):
            yield Parcel(parcel, False)
            parcel, of_each, size = [], Counter(), 0
        parcel.append(one)
        of_each[key] += 1
        size += length
        if since(key) + of_each[key] >= OF_ONE:
            yield Parcel(parcel, True)
            parcel, of_each, size = [], Counter(), 0
    if parcel:
        yield Parcel(parcel, False)
