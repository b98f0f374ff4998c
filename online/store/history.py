"""A user's history, of which only what is looked at is unpacked: learning an event looks at the newest ten.

One more entry is put behind those that are packed, and the oldest cut off, without touching the others.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

import msgspec

from online.store.codec import column, damaged, decoded, encoded, read, version_of
from online.store.state import HISTORY, Entry

_AS_ONE_ARRAY: Final = 2
"""Up to this version of the codec a history was one array of entries."""
_ARRAY: Final = struct.Struct(">BH")
"""How msgpack begins an array of any length below 2^16."""


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    ids: bytes
    """The hashes of the entries' ids, little-endian."""
    lengths: list[int]
    """Of the packed entries, in bytes."""
    entries: bytes
    """One after the other."""


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(_Packed)
_entry_decoder: Final = msgspec.msgpack.Decoder(Entry)
_entries_decoder: Final = msgspec.msgpack.Decoder(list[Entry])


class History(Sequence[Entry]):
    """At most `HISTORY` entries, oldest first; looking at one raises `StateUnreadable` where it's none."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._new = list(entries)[-HISTORY:]
        """Not packed yet; behind those that are."""
        self._ids = [entry.id_hash for entry in self._new]
        self._packed = b""
        self._first = 0
        """Where the oldest of the packed ones begins."""
        self._lengths: list[int] = []
        """Of the packed ones."""
        self._starts = [0]
        """Where the packed ones end and, going back as far as was looked at, where each begins."""
        self._found: dict[int, Entry] = {}
        """By where they begin."""

    @classmethod
    def unpack(cls, raw: bytes) -> "History":
        """Raises `StateTooNew` for a newer code's bytes, `StateUnreadable` for damaged ones."""
        if 0 < version_of(raw) <= _AS_ONE_ARRAY:
            entries = decoded(_entries_decoder, raw)
            return cls(entries)
        packed, found = decoded(_decoder, raw), cls()
        found._ids = column("Q", packed.ids, len(packed.lengths))
        found._packed, found._lengths, found._starts = packed.entries, packed.lengths, [len(packed.entries)]
        if sum(packed.lengths) != len(packed.entries):
            raise damaged("its entries are not as long as it says")
        return found

    def pack(self) -> bytes:
        """As it lies in the store."""
        new = [_encoder.encode(entry) for entry in self._new]
        ids = struct.pack(f"<{len(self._ids)}Q", *self._ids)
        entries = b"".join([self._packed[self._first :], *new])
        return encoded(_Packed(ids, [*self._lengths, *map(len, new)], entries))

    @property
    def ids(self) -> Sequence[int]:
        """The hashes of the entries' ids."""
        return self._ids

    def append(self, entry: Entry) -> None:
        """One more; the oldest goes where there are too many."""
        self._new.append(entry)
        self._ids.append(entry.id_hash)
        if len(self) > HISTORY:
            del self._ids[0]
            if self._lengths:
                self._first += self._lengths.pop(0)
            else:
                del self._new[0]

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Entry]:
        array = _ARRAY.pack(0xDC, len(self._lengths)) + self._packed[self._first :]
        return iter([*read(_entries_decoder, array), *self._new])

    @overload
    def __getitem__(self, at: int) -> Entry: ...

    @overload
    def __getitem__(self, at: slice) -> list[Entry]: ...

    def __getitem__(self, at: int | slice) -> Entry | list[Entry]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            packed = len(self._lengths)
            if step == 1 and packed <= start <= stop:
                return self._new[start - packed : stop - packed]
            return [self[one] for one in range(start, stop, step)]
        place, starts = range(len(self))[at], self._starts
        back = len(self._lengths) - place
        if back <= 0:
            return self._new[-back]
        while len(starts) <= back:
            starts.append(starts[-1] - self._lengths[-len(starts)])
        if starts[back] not in self._found:
            self._found[starts[back]] = read(_entry_decoder, self._packed[starts[back] : starts[back - 1]])
        return self._found[starts[back]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
