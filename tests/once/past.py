"""What the store was before each write, so that single shards, or all of it, can come back older than they were."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from online.store.memory import MemoryStore
from online.store.protocol import Calibrator, Counter, ShardMeta, Watermark

Place = tuple[str, int]
"""A user shard ("u", number), an item shard ("i", number), or a partition's calibrator ("c", number)."""
LOST_AT_MOST: Final = 40
"""Writes, of all shards together: the last seconds. A sweep of one partition is some 20."""


class Contents(Protocol):
    """What lies at a place of a store, to be taken and put back whole."""

    async def take(self, place: Place) -> Any: ...

    async def put(self, place: Place, content: Any) -> None: ...


class Was(NamedTuple):
    """What lay at a place before one write."""

    place: Place
    content: Any


class Past:
    """Remembers the last writes."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.writes: list[Was] = []

    def remember(self, was: Was) -> None:
        self.writes = [*self.writes, was][-LOST_AT_MOST:]

    async def lose(self, n: int) -> None:
        """The server comes back without its last n writes."""
        for was in reversed(self.writes[-n:]):
            await self.contents.put(*was)
        del self.writes[-n:]

    async def lose_at(self, place: Place, n: int) -> None:
        """The node that has this place comes back without the last n writes there."""
        there = [at for at, was in enumerate(self.writes) if was.place == place][-n:]
        for at in reversed(there):
            await self.contents.put(*self.writes[at])
        self.writes = [was for at, was in enumerate(self.writes) if at not in there]

    def places(self) -> list[Place]:
        """Where anything can be lost."""
        return sorted({was.place for was in self.writes})


class MemoryContents:
    """Of a `MemoryStore`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def take(self, place: Place) -> Any:
        kind, number = place
        store = self._store
        if kind == "u":
            return store._shards.get(number, ShardMeta()), dict(store._users[number])
        if kind == "c":
            return store._calibrators.get(number, Calibrator())
        return self._marks(number), {c: n.dump() for c, n in store._counts.items() if c.shard == number}

    async def put(self, place: Place, content: Any) -> None:
        kind, number = place
        store = self._store
        if kind == "u":
            store._shards[number], store._users[number] = content[0], dict(content[1])
        elif kind == "c":
            store._calibrators[number] = content
        else:
            self._put_counts(number, *content)

    def _marks(self, shard: int) -> dict[tuple[int, int], Watermark]:
        return {key: mark for key, mark in self._store._count_watermarks.items() if key[0] == shard}

    def _put_counts(self, shard: int, marks: Mapping[Any, Watermark], counts: Mapping[Counter, Any]) -> None:
        store = self._store
        for key in self._marks(shard):
            del store._count_watermarks[key]
        store._count_watermarks.update(marks)
        for counter in [counter for counter in store._counts if counter.shard == shard]:
            del store._counts[counter]
        for counter, members in counts.items():
            store._add(counter, members)
