"""Where one bundle's states are while a replay runs, and how they are found again after it was stopped.

In memory, a checkpoint holds the whole store with the place in the log that it stands at. In Redis the states are
there anyway, each shard with its watermark: what the checkpoint would say is read off them.
"""

import time
from pathlib import Path
from typing import Final, Protocol

import msgspec

from batch.prequential import Known
from batch.replay import Replay
from contracts.errors import StateUnreadable
from model.bundle import Bundle
from model.whole_file import write_whole
from online.learn.enrich import Enricher
from online.store.codec import decoded, encoded
from online.store.redis import RedisStore
from online.store.saved import SavedStore

_EVERY_S: Final = 20.0
_SWEEP_S: Final = 5.0
_OF_ALL: Final = 0.05
"""Of the time at most this share goes into checkpoints."""


class Start(msgspec.Struct, frozen=True):
    """From where a replay goes on: records before `place` are learned, the event at it maybe."""

    place: int
    known: Known
    """How many outcomes are."""


class Kept(Protocol):
    """States in memory or in Redis."""

    async def begin(self, bundle: Bundle, enricher: Enricher) -> tuple[Replay, Start]:
        """Where it begins, or goes on."""

    @property
    def due(self) -> bool:
        """Whether it is time to `stand`."""

    async def stand(self, replay: Replay, start: Start) -> None:
        """Make sure that it would go on from here; all up to `start.place` is learned."""


class InMemory:
    """A checkpoint file, written whole."""

    def __init__(self, path: Path, outcomes: Known) -> None:
        """`outcomes`: how many there are on the disk."""
        self._path = path
        self._outcomes = outcomes
        self._next = time.monotonic() + _EVERY_S

    async def begin(self, bundle: Bundle, enricher: Enricher) -> tuple[Replay, Start]:
        """From the checkpoint, else from the beginning; one that is damaged, or ahead of the outcomes, is none."""
        store, start = _read(self._path)
        if (
            start.known.targets > self._outcomes.targets or start.known.pages > self._outcomes.pages
        ):  # the machine lost power: the checkpoint was on the disk before they were
            store, start = SavedStore(), Start(0, Known())
        replay = await Replay.on(bundle, store, enricher)
        replay.pass_over(start.place)
        return replay, start

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next

    async def stand(self, replay: Replay, start: Start) -> None:
        """Write the checkpoint."""
        began = time.monotonic()
        if isinstance(replay.store, SavedStore):
            write_whole(self._path, encoded((msgspec.to_builtins(start), replay.store.pack())))
        self._next = time.monotonic() + max(_EVERY_S, (time.monotonic() - began) / _OF_ALL)


class InRedis:
    """Nothing but sweeps, so that the lowest of all shards' watermarks is never far back.

    What lies behind it is learned again, with one effect: so a Redis that came back older is made whole, too.
    """

    def __init__(self, store: RedisStore, outcomes: Known) -> None:
        """`outcomes`: how many there are on the disk, each written before its event was learned."""
        self._store = store
        self._outcomes = outcomes
        self._next = time.monotonic() + _SWEEP_S

    async def begin(self, bundle: Bundle, enricher: Enricher) -> tuple[Replay, Start]:
        """From the lowest watermark."""
        replay = await Replay.on(bundle, self._store, enricher)
        place = max(0, replay.learner.positions()[0] - 1)  # the record that publishes the bundle has offset 0
        replay.pass_over(place)
        return replay, Start(place, self._outcomes)

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next

    async def stand(self, replay: Replay, start: Start) -> None:
        """Move the idle shards' watermarks up."""
        await replay.learner.sweep(0)
        self._next = time.monotonic() + _SWEEP_S


def _read(path: Path) -> tuple[SavedStore, Start]:
    try:
        start, raw = decoded(_decoder, path.read_bytes())
        return SavedStore.unpack(raw), start
    except (FileNotFoundError, StateUnreadable):
        return SavedStore(), Start(0, Known())


_decoder: Final = msgspec.msgpack.Decoder(tuple[Start, bytes])
