"""The learner: takes in batches of a partition's records, and moves states, counts and watermarks by the scheme "Once".

The order is what makes it right: read (fenced by the watermarks), fold, count, calibrate and watch for drift, send,
write the users' shards. The caller acknowledges last. See DESIGN.md, "Once"; `tests/once/` explores it step by step.
"""

import asyncio
import logging
import sys
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from contracts.alarms import Alarm
from contracts.errors import Fenced, InvalidEvent, MoodstreamError, StateUnreadable
from contracts.events import UserEvent
from contracts.sharding import user_shard
from online.learn.account import REFUSED, Account
from online.learn.batch import Batch
from online.learn.bundles import Bundles
from online.learn.course import Course, Stretch
from online.learn.drift.block import Pace
from online.learn.enrich import Enriched, Enricher
from online.learn.intake import Control, Cut, Taken, take_in
from online.learn.kept import control_row, take_kept
from online.learn.moving import move_some
from online.learn.outgoing import Outbox, Outgoing, Raw, alarmed, dead_letter, enriched, published
from online.learn.partition import Partition
from online.learn.users import Users
from online.store.protocol import ShardWrite, Store

if TYPE_CHECKING:
    from online.learn.drift.drift import Drift
    from online.learn.watched import Watched

log: Final = logging.getLogger("moodstream.learn")
_WATCHED: Final = "online.learn.watched"
"""Imported by processes that learn only, beside the event loop: river brings scipy along, 1.6 s and 93 MB."""


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
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._bundles = bundles
        self._users = Users(bundles)
        self._enricher = enricher
        self._outbox = outbox
        self._partitions = partitions
        self._now = now
        self.pace = pace or Pace()
        """How long a block is of what is watched for drift."""
        self._owned: dict[int, Partition] = {}
        self.tally: Tally[str] = Tally()
        self.alarms: Tally[str] = Tally()
        """By signal."""
        self.account = Account()

    async def assign(self, number: int, where: str | Stretch, kept: int = 0) -> int:
        """Own a partition, as the store knows it now; returns the lowest offset that any shard needs.

        `where` is what `due` said, or the id of a topic that never had another number of partitions. What the lake has,
        all before `kept`, was taken in whole: nothing of it is sent to Kafka once more. Raises `Fenced` where a shard
        lacks something of an earlier epoch.
        """
        owned = await self.look(number, where)
        if not owned.is_here:  # the store went back since `due`: what it lost isn't in this stretch
            raise Fenced(f"shards of partition {number} have yet to come to the end of an earlier epoch")
        self._owned[number] = owned
        owned.sent = max(owned.sent, kept - 1)
        await self._bundles.warm({meta.rollout for meta in owned.metas.values()})
        if _WATCHED not in sys.modules:
            await asyncio.to_thread(import_module, _WATCHED)
        return owned.lowest + 1

    def revoke(self, numbers: Iterable[int]) -> None:
        """Forget these partitions."""
        for number in numbers:
            self._owned.pop(number, None)

    def positions(self) -> dict[int, int]:
        """The next offset of each partition."""
        return {number: owned.position + 1 for number, owned in self._owned.items()}

    def taken_before(self, number: int) -> int:
        """The last offset that a shard of this partition had taken in when it was assigned, or that the lake had."""
        return self._owned[number].sent

    def levels(self) -> dict[int, dict[str, float]]:
        """Of each partition what its last block said of each signal that is watched for drift."""
        return {number: owned.drift.levels() for number, owned in self._owned.items() if owned.drift}

    async def look(self, number: int, where: str | Stretch) -> Partition:
        """A partition as the store has it now, whoever owns it."""
        if isinstance(where, str):
            where = next(Course.of(where, self._partitions).stretches(number))
        return await Partition.found(self._store, where)

    async def due(self, course: Course, number: int) -> Stretch | None:
        """What a partition is to learn next; None while its shards are still on their way in other partitions."""
        if len(course.epochs) == 1:
            return next(course.stretches(number))
        for stretch in course.stretches(number):
            owned = await self.look(number, stretch)
            if not owned.is_done:
                return stretch if owned.is_here and await self._are_over(stretch.sources) else None
        return None

    async def _are_over(self, sources: Iterable[Stretch]) -> bool:
        """Whether nothing shared is to be told there once more from histories, whose offsets begin anew."""
        return all([(await self.look(source.number, source)).is_done for source in sources])

    def cut(self, number: int) -> int | None:
        """The offset of the control record at which this partition's epoch has ended: assign it anew."""
        return self._owned[number].cut

    async def learn(self, number: int, records: Sequence[Raw]) -> list[Enriched]:
        """Take in consecutive records of one partition; returns them enriched, those taken in before included.

        Raises `Fenced` when another worker owns the shards or the store went back, and `Unavailable`: assign again,
        and read from there. A record that can't be taken in, or that crashes the code, goes to the dead-letter topic.
        At a `cut` it stops, with all shards brought there: what lies behind it is another epoch's.
        """
        owned = self._owned[number]
        rows: list[Enriched] = []
        async with owned.lock:
            for part in take_in(records, owned.stretch.partitions):
                if isinstance(part, Control):
                    rows += await self._change_bundle(owned, part)
                elif isinstance(part, Cut):
                    owned.cut = part.offset
                else:
                    rows += await self._learn_or_set_aside(owned, part)
            upto = records[-1].offset if owned.cut is None else owned.cut - 1
            owned.position = max(owned.position, upto)
        if owned.cut is not None:
            await self.sweep(number)
            await self.move_all(number)
        return rows

    async def relearn(self, number: int, rows: Sequence[Enriched], upto: int) -> None:
        """Take in what the lake has of a partition up to the offset `upto`, `assign`ed with its end; raises as `learn`.

        The rows stand for the records that they were made of: what these sent to Kafka isn't sent again.
        """
        owned = self._owned[number]
        async with owned.lock:
            for part in take_kept(rows):
                if isinstance(part, Control):
                    await self._change_bundle(owned, part)
                else:
                    await self._learn_or_set_aside(owned, part)
            owned.position = max(owned.position, upto)

    async def sweep(self, number: int) -> None:
        """Move idle shards' watermarks up to what was taken in, so that the lowest is never far back.

        Some at a time, with events learned in between. Raises `Fenced` where the store stands elsewhere, as `learn`
        does: one that went back is noticed when idle too.
        """
        owned = self._owned[number]
        async with owned.lock:
            await owned.sweep_shared(None if owned.has_begun else _drift(owned, self.pace))
        for shards in owned.user_shards():
            if self._owned.get(number) is owned:
                async with owned.lock:
                    await owned.sweep_users(shards)

    async def move_all(self, number: int) -> None:
        """Make all idle users' states again for the bundle in force, some at a time, with events learned in between."""
        owned = self._owned[number]
        moved: int | None = 0
        while moved is not None and self._owned.get(number) is owned:
            async with owned.lock:
                moved = await move_some(owned, self._users)
            self.tally["moved"] += moved or 0

    async def _change_bundle(self, owned: Partition, control: Control) -> list[Enriched]:
        """All shards of the partition go on with another bundle from here; users follow when they're touched."""
        rollout = control.change.rollout
        try:
            for version in filter(None, (rollout.bundle, rollout.canary)):
                await self._bundles.open(version)
        except Exception as error:
            _raise_if_retriable(error)
            await self._set_aside(owned, [(control.raw, error)])
            return []
        offset = control.raw.offset
        if owned.calibrated < offset:
            drift = _drift(owned, self.pace)
            drift.change(rollout, offset)
            await owned.write_calibrator(owned.calibrator.state, drift, offset)
        behind = [(shard, meta) for shard, meta in owned.metas.items() if owned.offset(shard) < offset]
        await owned.write_shards([ShardWrite(s, m, m.on(s, rollout).at(owned.at(offset)), {}) for s, m in behind])
        self.tally["bundle_changes"] += 1
        self.account.bundle_changed(again=not behind)
        return [control_row(control)]

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
                self.account.crashed(event)
        return rows

    async def _learn_taken(self, owned: Partition, taken: Taken) -> list[Enriched]:
        rows = [
            self._enricher.enrich(event, partition=raw.partition, offset=raw.offset, arrival=raw.time)
            for raw, event in taken.placed
        ]
        batch = await self._read(owned, taken.placed)
        outcomes = [_folded(batch, raw, event, row) for (raw, event), row in zip(taken.placed, rows, strict=True)]
        records = await self._users.records([batch.users[user_id] for user_id in batch.touched])
        watched = await self._watch(owned, batch, rows)
        # all that can crash is done: what was counted is never set aside
        await owned.write_counts(batch.count_writes(taken.upto))
        if watched is not None:
            await self._alarm(owned, watched.alarms)
            await owned.write_calibrator(watched.calibrator, watched.drift, taken.upto)
        await self._send(owned, taken, batch, rows)
        await owned.write_shards(batch.shard_writes(taken.upto, records))
        self.tally.update(outcomes)
        self.account.learned(taken, batch, rows, outcomes, watched)
        return rows

    async def _read(self, owned: Partition, placed: Sequence[tuple[Raw, UserEvent]]) -> Batch:
        """The events' users as the store has them; raises `Fenced` unless it stands where this worker left it."""
        user_ids = list(dict.fromkeys(event.user_id for _, event in placed))
        shards: defaultdict[int, list[str]] = defaultdict(list)
        for user_id in user_ids:
            shards[user_shard(user_id)].append(user_id)
        return Batch(owned, await self._users.open(owned, shards))

    async def _watch(self, owned: Partition, batch: Batch, rows: Sequence[Enriched]) -> "Watched | None":
        if not rows or rows[-1].offset <= owned.calibrated:
            return None
        from online.learn.watched import watch

        drift = _drift(owned, self.pace)
        return watch(owned, drift, batch, rows, await self._bundles.known(drift.rollout))

    async def _alarm(self, owned: Partition, alarms: Sequence[Alarm]) -> None:
        """Before what is watched is written: whoever takes it in once more sends the same alarm."""
        fresh = [alarm for alarm in alarms if alarm.offset > owned.sent]
        for alarm in fresh:
            log.info("drift: %s was %.3g and is %.3g (%s)", alarm.about, alarm.before, alarm.after, alarm.alarm_id)
        self.alarms.update(alarm.signal for alarm in fresh)
        await self._outbox(list(map(alarmed, fresh)))

    async def _send(self, owned: Partition, taken: Taken, batch: Batch, rows: Sequence[Enriched]) -> None:
        """What others are to get, before the users' shards say that it's done."""
        fresh = [(raw, out) for raw, out in taken.misplaced if raw.offset > owned.sent]
        outgoing = [out for _, out in fresh]
        outgoing += [published(event) for user_id in batch.touched for event in batch.users[user_id].outgoing]
        outgoing += [enriched(row) for row in rows if row.offset > owned.sent]
        self.tally["misplaced"] += len(fresh)
        self.account.sent(len(fresh), sum(raw.offset > owned.sent for raw, _ in taken.refused))
        await self._outbox(outgoing)
        await self._set_aside(owned, [*taken.refused, *batch.refused])

    async def _set_aside(self, owned: Partition, refused: Sequence[tuple[Raw, Exception]]) -> None:
        fresh = [(raw, error) for raw, error in refused if raw.offset > owned.sent]
        letters: list[Outgoing] = [dead_letter(raw, error, self._now()) for raw, error in fresh]
        self.tally["dead_letters"] += len(letters)
        self.account.set_aside(fresh)
        await self._outbox(letters)


def _folded(batch: Batch, raw: Raw, event: UserEvent, row: Enriched) -> str:
    try:
        return batch.fold(event, row)
    except (InvalidEvent, StateUnreadable) as error:
        batch.refused.append((raw, error))
        return REFUSED


def _drift(owned: Partition, pace: Pace) -> "Drift":
    from online.learn.watched import drift_of

    return drift_of(owned, pace)


def _raise_if_retriable(error: Exception) -> None:
    """A server that doesn't answer is no fault of the record that was in hand."""
    if isinstance(error, MoodstreamError) and error.retriable:
        raise error
