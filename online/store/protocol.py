"""What a store promises: states and counts move only together with their watermark, compared before it is set."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from contracts.rollout import Rollout, bundle_of
from online.store.codec import damaged
from online.store.history import History
from online.store.impressions import Impressions, pack_impressions, unpack_impressions
from online.store.seen import SeenFilter
from online.store.state import UserState, pack_state, unpack_state


class Watermark(NamedTuple):
    """The last record of the log that a shard has taken in: the topic's id and the offset."""

    incarnation: str = ""
    offset: int = -1

    def text(self) -> str:
        """As stored; empty for a shard that has taken in nothing."""
        return f"{self.incarnation}:{self.offset}" if self.incarnation else ""

    @classmethod
    def parse(cls, text: str) -> "Watermark":
        """The watermark as stored; raises `StateUnreadable`."""
        incarnation, _, offset = text.rpartition(":")
        try:
            return cls(incarnation, int(offset)) if text else cls()
        except ValueError as error:
            raise damaged(error) from error

    def within(self, incarnation: str) -> int:
        """The offset, in this topic's life; -1 when the topic was made again since."""
        return self.offset if self.incarnation == incarnation else -1


NO_ROLLOUT = Rollout(bundle="")


class ShardMeta(msgspec.Struct, frozen=True):
    """Where a user shard stands: its watermark, the rollout in force, and whether all its users were moved to that."""

    watermark: Watermark = Watermark()
    rollout: Rollout = NO_ROLLOUT
    moved: bool = True
    turn: int = 0
    """How often the shard's bundle has changed."""

    def at(self, watermark: Watermark) -> "ShardMeta":
        """The same, further on in the log."""
        return replace(self, watermark=watermark)

    def on(self, shard: int, rollout: Rollout) -> "ShardMeta":
        """Under another rollout; where that is another bundle for this shard, its users are yet to be moved.

        A shard that never took in anything has no users.
        """
        if bundle_of(shard, rollout) == bundle_of(shard, self.rollout):
            return replace(self, rollout=rollout)
        return ShardMeta(self.watermark, rollout, not self.watermark.incarnation, self.turn + 1)

    def all_moved(self) -> "ShardMeta":
        """With all users on the rollout in force."""
        return replace(self, moved=True)


class UserRecord(NamedTuple):
    """All that is kept of one user, packed as it lies in the store."""

    state: bytes
    history: bytes
    seen: bytes
    shown: bytes = b""
    """Empty, and not stored, for a user who was never shown anything."""

    @classmethod
    def pack(
        cls, state: UserState, history: History, seen: SeenFilter, shown: Impressions | None = None
    ) -> "UserRecord":
        return cls(pack_state(state), history.pack(), seen.to_bytes(), pack_impressions(shown) if shown else b"")

    def impressions(self) -> Impressions:
        """What the user was shown; raises `StateUnreadable`."""
        return unpack_impressions(self.shown)

    def unpack(self) -> tuple[UserState, History, SeenFilter]:
        """Raises `StateUnreadable`."""
        return unpack_state(self.state), History.unpack(self.history), SeenFilter.from_bytes(self.seen)


class ShardRecords(NamedTuple):
    """Where a user shard stands, and the records of those users that were asked for and are known."""

    meta: ShardMeta
    users: dict[str, UserRecord]


class ShardWrite(NamedTuple):
    """One atomic step of a user shard: refused unless the shard in the store still stands at `expected`."""

    shard: int
    expected: ShardMeta
    meta: ShardMeta
    users: Mapping[str, UserRecord]


class Counter(msgspec.Struct, frozen=True, order=True, cache_hash=True, gc=False):
    """One family of counts in one time bucket: how often each member was seen under this name."""

    shard: int
    family: str
    bucket: int
    name: str


class Changed(NamedTuple):
    """A counter as it is now: each member, and how often it was seen."""

    version: int
    """To ask with the next time."""
    members: Sequence[str]
    times: Sequence[float] | NDArray[np.int64]
    found: int = 0
    """The same number again only if the members are the same, in the same order; 0 where the store can't tell."""


class CountWrite(NamedTuple):
    """One atomic step of an item shard for one source partition, with a watermark of its own."""

    shard: int
    partition: int
    expected: Watermark
    new: Watermark
    increments: Mapping[Counter, Mapping[str, int]]


class Calibrator(NamedTuple):
    """What one source partition's outcomes have taught, what is watched for drift there, and up to where in the log.

    Both depend on the log's order. Under one watermark neither can be behind the other, whose results it learns from.
    """

    watermark: Watermark = Watermark()
    state: bytes = b""
    """Empty as long as there was no outcome."""
    running: bytes = b""
    """Of drift, what each batch changes."""
    kept: bytes = b""
    """Of drift, what only changes at a block's end: some 30 times as long."""


class CalibratorWrite(NamedTuple):
    """One atomic step of one source partition's calibrator."""

    partition: int
    expected: Watermark
    new: Calibrator
    kept: bool = True
    """False: what is kept of drift is there already."""


class Heartbeat(msgspec.Struct, frozen=True):
    """What the worker that owns a partition last said of itself."""

    partition: int
    position: int
    """The next offset it will read."""
    end: int
    """The log's end, as it knew it."""
    time: int
    """UTC ms."""
    lost: int | None = None
    """While lost states are made again: up to this offset they were there before."""
    partitions: int = 0
    """By how many it places records; 0 is said by workers of before they could be more one day."""


class Memory(NamedTuple):
    """What a store's server has of memory; of several, the one that is fullest."""

    used: int
    """Bytes."""
    limit: int
    """Bytes that it may have: as it's set, else all of its machine's."""


class Store(Protocol):
    """Redis or memory. Every method may raise `StoreUnavailable`."""

    async def shards(self, shards: Sequence[int]) -> dict[int, ShardMeta]:
        """Where these user shards stand."""

    async def read(self, users: Mapping[int, Sequence[str]]) -> dict[int, ShardRecords]:
        """These shards with these users of theirs; each shard is read in one step, so that the two belong together."""

    async def read_for(
        self, partition: int, users: Mapping[int, Sequence[str]]
    ) -> tuple[dict[int, ShardRecords], dict[int, Watermark], Calibrator]:
        """As `read`, and after it `count_watermarks` and `calibrator` of this source partition, without `kept`."""

    async def user(self, user_id: str) -> tuple[ShardMeta, UserRecord | None]:
        """One user with the standing of their shard; the watermark never claims more than the state has."""

    async def shard_users(self, shard: int) -> list[str]:
        """The users of one shard, in order of id; some may have expired."""

    async def write_shards(self, writes: Sequence[ShardWrite]) -> None:
        """Each write by itself is atomic; raises `Fenced` when any was refused."""

    async def count_watermarks(self, partition: int) -> dict[int, Watermark]:
        """Of every item shard, for one source partition."""

    async def add_counts(self, writes: Sequence[CountWrite]) -> None:
        """Each write by itself is atomic; raises `Fenced` when any was refused."""

    async def calibrator(self, partition: int) -> Calibrator:
        """Of one source partition."""

    async def calibrators(self) -> list[bytes]:
        """What the outcomes of each partition that had any have taught, in order of partition."""

    async def write_calibrator(self, write: CalibratorWrite) -> None:
        """Raises `Fenced` when it was refused."""

    async def drifts(self) -> dict[int, bytes]:
        """What each partition that watches for drift has kept of it, as `Calibrator.kept`."""

    async def buckets(self, family: str, newest: int) -> list[int]:
        """The newest buckets of this family that hold anything, newest first."""

    async def top_counts(self, counters: Sequence[Counter], n: int) -> list[list[tuple[str, int]]]:
        """For each counter its n most frequent members, most frequent first, ties by the larger id."""

    async def changed_counts(
        self, counters: Sequence[Counter], n: int, versions: Sequence[int]
    ) -> list[Changed | None]:
        """As `top_counts` in any order; `versions` are those of the last time, -1 at first. None where nothing changed.

        A store that can't tell what changed says everything again.
        """

    async def beat(self, heartbeat: Heartbeat) -> None:
        """Say that a partition's worker lives, and where it is."""

    async def heartbeats(self) -> list[Heartbeat]:
        """Of every partition that ever had one."""

    async def put_items(self, partition: int, expected: Watermark, new: Watermark, items: Mapping[str, bytes]) -> None:
        """Keep catalogue changes, and where in the items topic they came from; raises `Fenced` when it was refused."""

    async def items_watermark(self, partition: int) -> Watermark:
        """Up to where the items topic was taken in."""

    async def items(self, known: int) -> tuple[int, dict[str, bytes]]:
        """The number of changes so far and, if that isn't `known`, all changed items."""

    async def memory(self) -> Memory | None:
        """None where there is no server."""

    async def dump(self) -> dict[str, object]:
        """Everything in the namespace, in a form that can be compared byte for byte."""

    async def close(self) -> None:
        """Let the connections go."""
