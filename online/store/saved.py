"""A memory store that can be written down whole and read again, for what goes on after a stop: msgpack, no pickle."""

from array import array
from typing import Final

import msgspec

from online.store.codec import decoded, encoded
from online.store.frequent import Counts
from online.store.memory import MemoryStore
from online.store.protocol import Calibrator, Counter, ShardMeta, UserRecord, Watermark


class _Written(msgspec.Struct, array_like=True, frozen=True):
    shards: dict[int, ShardMeta]
    users: dict[int, dict[str, UserRecord]]
    count_watermarks: list[tuple[int, int, Watermark]]
    counts: list[tuple[Counter, int, list[str], bytes]]
    """Version, members, and how often each was seen."""
    calibrators: dict[int, Calibrator]
    buckets: dict[str, list[int]]
    items: dict[str, bytes]
    items_watermarks: dict[int, Watermark]
    item_changes: int


_decoder: Final = msgspec.msgpack.Decoder(_Written)


class SavedStore(MemoryStore):
    """What `unpack` reads is the store that `pack` wrote, to the order of its counters' members."""

    def pack(self) -> bytes:
        """All of it but the heartbeats, sealed."""
        return encoded(
            _Written(
                self._shards,
                self._users,
                [(*place, mark) for place, mark in self._count_watermarks.items()],
                [(counter, self._versions[counter], *one.columns()) for counter, one in self._counts.items()],
                self._calibrators,
                self._buckets,
                self._items,
                self._items_watermarks,
                self._item_changes,
            )
        )

    @classmethod
    def unpack(cls, raw: bytes) -> "SavedStore":
        """Raises `StateUnreadable` for damaged bytes, `StateTooNew` for a newer code's."""
        written, store = decoded(_decoder, raw), cls()
        store._shards.update(written.shards)
        store._users.update(written.users)
        store._count_watermarks.update({(shard, part): mark for shard, part, mark in written.count_watermarks})
        for counter, version, members, times in written.counts:
            store._counts[counter] = Counts.of(members, array("q", times))
            store._versions[counter] = version
        store._calibrators.update(written.calibrators)
        store._buckets.update(written.buckets)
        store._items.update(written.items)
        store._items_watermarks.update(written.items_watermarks)
        store._item_changes = written.item_changes
        return store
