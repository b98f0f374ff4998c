"""The learner: takes in batches of a partition's records, and moves states, counts and watermarks by the scheme "Once".

The order is what makes it right: read (fenced by the watermarks), fold, count, calibrate, send, write the users'
shards. The caller acknowledges last. See DESIGN.md, "Once"; `tests/online/learn/test_once.py` explores it at random.
"""

import asyncio
import sys
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Final

from contracts.errors import InvalidEvent, MoodstreamError
from contracts.events import UserEvent
from contracts.rollout import bundle_for
from contracts.sharding import shards_of, user_shard
from online.learn.advance import advance
from online.learn.batch import Batch
from online.learn.bundles import Bundles
from online.learn.enrich import Enriched, Enricher
from online.learn.fold import Working
from online.learn.intake import Control, Taken, take_in
from online.learn.outgoing import Outbox, Outgoing, Raw, dead_letter, enriched, published
from online.learn.partition import Partition
from online.store.protocol import Calibrator, CalibratorWrite, CountWrite, ShardWrite, Store, UserRecord

_SWEPT_AT_ONCE: Final = 32
"""Shards that an event may have to wait for: some milliseconds."""
_CALIBRATOR: Final = "online.learn.calibrator"
"""Imported by processes that learn only, beside the event loop: river brings scipy along, 1.6 s and 93 MB."""
_MOVED_AT_ONCE: Final = 64
"""Users whose states are made again together, for a new bundle: a full tile of the encoder."""


class Learner:
    """Learns from the partitions that it was assigned; `tally` counts what became of the records."""

    def __init__(
        self,
        store: Store,
        bundles: Bundles,
        enricher: Enricher,
        outbox: Outbox,
        partitions: int,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._bundles = bundles
        self._enricher = enricher
        self._outbox = outbox
        self._partitions = partitions
        self._now = now
        self._owned: dict[int, Partition] = {}
        self.tally: Tally[str] = Tally()

    async def assign(self, number: int, incarnation: str) -> int:
        """Own a partition, as the store knows it now; returns the lowest offset that any shard needs."""
        metas = await self._store.shards(shards_of(number, self._partitions))
        counts = await self._store.count_watermarks(number)
        calibrator = await self._store.calibrator(number)
        self._owned[number] = Partition(number, incarnation, metas, counts, calibrator)
        await self._bundles.warm({meta.rollout for meta in metas.values()})
        if _CALIBRATOR not in sys.modules:
            await asyncio.to_thread(import_module, _CALIBRATOR)
        return self._owned[number].lowest + 1

    def revoke(self, numbers: Iterable[int]) -> None:
        """Forget these partitions."""
        for number in numbers:
            self._owned.pop(number, None)

    def positions(self) -> dict[int, int]:
        """The next offset of each partition."""
        return {number: owned.position + 1 for number, owned in self._owned.items()}

    async def learn(self, number: int, records: Sequence[Raw]) -> list[Enriched]:
        """Take in consecutive records of one partition; returns them enriched, those taken in before included.

        Raises `Fenced` when another worker owns the shards or the store went back, and `Unavailable`: assign again,
        and read from there. A record that can't be taken in, or that crashes the code, goes to the dead-letter topic.
        """
        owned = self._owned[number]
        rows: list[Enriched] = []
        async with owned.lock:
            for part in take_in(records, self._partitions):
                if isinstance(part, Control):
                    await self._change_bundle(owned, part)
                else:
                    rows += await self._learn_or_set_aside(owned, part)
            owned.position = max(owned.position, records[-1].offset)
        return rows

    async def sweep(self, number: int) -> None:
        """Move idle shards' watermarks up to what was taken in, so that the lowest is never far back.

        Some at a time, with events learned in between. Raises `Fenced` where the store stands elsewhere, as `learn`
        does: one that went back is noticed when idle too.
        """
        owned = self._owned[number]
        async with owned.lock:
            owned.check({}, await self._store.count_watermarks(number))
            owned.check_calibrator(await self._store.calibrator(number))
            new = owned.at(owned.position)
            behind = [shard for shard, mark in owned.counts.items() if mark.within(owned.incarnation) < new.offset]
            await self._write_counts(owned, [CountWrite(s, number, owned.counts[s], new, {}) for s in behind])
            if owned.calibrated < new.offset:
                await self._write_calibrator(owned, Calibrator(new, owned.calibrator.state))
        shards = list(owned.metas)
        for start in range(0, len(shards), _SWEPT_AT_ONCE):
            if self._owned.get(number) is owned:
                await self._sweep_some(owned, shards[start : start + _SWEPT_AT_ONCE])

    async def _sweep_some(self, owned: Partition, shards: Sequence[int]) -> None:
        async with owned.lock:
            owned.check(await self._store.shards(shards), {})
            new = owned.at(owned.position)
            idle = [(shard, owned.metas[shard]) for shard in shards if owned.offset(shard) < new.offset]
            await self._write_shards(owned, [ShardWrite(s, m, m.at(new), {}) for s, m in idle])

    async def move_all(self, number: int) -> None:
        """Make all idle users' states again for the bundle in force, some at a time, with events learned in between."""
        owned = self._owned[number]
        while self._owned.get(number) is owned and await self._move_some(owned):
            pass

    async def _move_some(self, owned: Partition) -> bool:
        async with owned.lock:
            shards: dict[int, list[Working]] = {}
            for shard in [s for s, meta in owned.metas.items() if not meta.moved]:
                shards[shard] = await self._to_be_moved(owned, shard)
                if sum(map(len, shards.values())) >= _MOVED_AT_ONCE:
                    break
            records = await self._advance([user for users in shards.values() for user in users])
            await self._write_shards(
                owned,
                [
                    ShardWrite(shard, meta, meta.all_moved(), {user.user_id: records[user.user_id] for user in users})
                    for shard, users in shards.items()
                    for meta in [owned.metas[shard]]
                ],
            )
            self.tally["moved"] += len(records)
        return bool(shards)

    async def _to_be_moved(self, owned: Partition, shard: int) -> list[Working]:
        users = await self._open(owned, {shard: await self._store.shard_users(shard)}, known=True)
        return [user for user in users.values() if user.rebuilt]

    async def _open(
        self, owned: Partition, shards: Mapping[int, Sequence[str]], *, known: bool = False
    ) -> dict[str, Working]:
        """These users as the store has them, new ones too unless only the `known` are wanted; raises `Fenced`."""
        found = await self._store.read(shards)
        owned.check({shard: records.meta for shard, records in found.items()}, {})
        return {
            user_id: Working(user_id, record, bundle_for(user_id, found[shard].meta.rollout), owned.incarnation)
            for shard, user_ids in shards.items()
            for user_id in user_ids
            for record in [found[shard].users.get(user_id)]
            if record or not known
        }

    async def _change_bundle(self, owned: Partition, control: Control) -> None:
        """All shards of the partition go on with another bundle from here; users follow when they're touched."""
        rollout = control.change.rollout
        try:
            for version in filter(None, (rollout.bundle, rollout.canary)):
                await self._bundles.open(version)
        except Exception as error:
            _raise_if_retriable(error)
            await self._set_aside(owned, [(control.raw, error)])
            return
        offset = control.raw.offset
        behind = [(shard, meta) for shard, meta in owned.metas.items() if owned.offset(shard) < offset]
        await self._write_shards(owned, [ShardWrite(s, m, m.on(rollout).at(owned.at(offset)), {}) for s, m in behind])
        self.tally["bundle_changes"] += 1

    async def _learn_or_set_aside(self, owned: Partition, taken: Taken) -> list[Enriched]:
        """A batch that crashes is taken in again record by record, so that only the guilty one is set aside."""
        try:
            return await self._learn_taken(owned, taken)
        except Exception as error:
            _raise_if_retriable(error)
        # what others get goes first: the first shard that is written says that it was sent
        await self._learn_taken(owned, taken._replace(placed=[]))
        rows: list[Enriched] = []
        for raw, event in taken.placed:
            try:
                rows += await self._learn_taken(owned, Taken(raw.offset, [(raw, event)], [], []))
            except Exception as error:
                _raise_if_retriable(error)
                await self._set_aside(owned, [(raw, error)])
        return rows

    async def _learn_taken(self, owned: Partition, taken: Taken) -> list[Enriched]:
        rows = [
            self._enricher.enrich(event, partition=raw.partition, offset=raw.offset, arrival=raw.time)
            for raw, event in taken.placed
        ]
        batch = await self._read(owned, taken.placed)
        for (raw, event), row in zip(taken.placed, rows, strict=True):
            self._fold(batch, raw, event, row)
        records = await self._advance([batch.users[user_id] for user_id in batch.touched])
        await self._write_counts(owned, batch.count_writes(taken.upto))
        await self._calibrate(owned, batch, taken.upto)
        await self._send(owned, taken, batch, rows)
        await self._write_shards(owned, batch.shard_writes(taken.upto, records))
        return rows

    async def _read(self, owned: Partition, placed: Sequence[tuple[Raw, UserEvent]]) -> Batch:
        """The events' users as the store has them; raises `Fenced` unless it stands where this worker left it."""
        user_ids = list(dict.fromkeys(event.user_id for _, event in placed))
        shards: defaultdict[int, list[str]] = defaultdict(list)
        for user_id in user_ids:
            shards[user_shard(user_id)].append(user_id)
        users = await self._open(owned, shards)
        return Batch(owned, users)

    def _fold(self, batch: Batch, raw: Raw, event: UserEvent, row: Enriched) -> None:
        try:
            self.tally[batch.fold(event, row)] += 1
        except InvalidEvent as error:
            batch.refused.append((raw, error))

    async def _advance(self, users: Sequence[Working]) -> dict[str, UserRecord]:
        """The users' new records, each computed with the bundle that they're on."""
        states = {user.user_id: user.state for user in users}
        for version in sorted({user.bundle for user in users if user.bundle and user.pending}):
            group = [user for user in users if user.bundle == version and user.pending]
            stepped = advance(group, await self._bundles.get(version))
            states.update({user.user_id: state for user, state in zip(group, stepped, strict=True)})
        return {u.user_id: UserRecord.pack(states[u.user_id], u.history, u.seen, u.shown) for u in users}

    async def _send(self, owned: Partition, taken: Taken, batch: Batch, rows: Sequence[Enriched]) -> None:
        """What others are to get, before the users' shards say that it's done."""
        fresh = [(raw, out) for raw, out in taken.misplaced if raw.offset > owned.sent]
        outgoing = [out for _, out in fresh]
        outgoing += [published(event) for user_id in batch.touched for event in batch.users[user_id].outgoing]
        outgoing += [enriched(row) for row in rows if row.offset > owned.sent]
        self.tally["misplaced"] += len(fresh)
        await self._outbox(outgoing)
        await self._set_aside(owned, [*taken.refused, *batch.refused])

    async def _set_aside(self, owned: Partition, refused: Sequence[tuple[Raw, Exception]]) -> None:
        letters: list[Outgoing] = [dead_letter(raw, e, self._now()) for raw, e in refused if raw.offset > owned.sent]
        self.tally["dead_letters"] += len(letters)
        await self._outbox(letters)

    async def _write_counts(self, owned: Partition, writes: Sequence[CountWrite]) -> None:
        await self._store.add_counts(writes)
        owned.counts.update({write.shard: write.new for write in writes})

    async def _calibrate(self, owned: Partition, batch: Batch, upto: int) -> None:
        if batch.outcomes:
            from online.learn.calibrator import learned

            state = learned(owned.calibrator.state, batch.outcomes)
            await self._write_calibrator(owned, Calibrator(owned.at(upto), state))

    async def _write_calibrator(self, owned: Partition, new: Calibrator) -> None:
        await self._store.write_calibrator(CalibratorWrite(owned.number, owned.calibrator.watermark, new))
        owned.calibrator = new

    async def _write_shards(self, owned: Partition, writes: Sequence[ShardWrite]) -> None:
        await self._store.write_shards(writes)
        owned.metas.update({write.shard: write.meta for write in writes})


def _raise_if_retriable(error: Exception) -> None:
    """A server that doesn't answer is no fault of the record that was in hand."""
    if isinstance(error, MoodstreamError) and error.retriable:
        raise error
