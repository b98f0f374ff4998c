"""One adapter: keeps its leases, looks at who else lives, and reads the shards that are its own, a task each."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from contracts.errors import LeaseLost, Misconfigured, SourceGone, Unavailable
from stream.sources.kinesis.aws import Aws
from stream.sources.kinesis.held import Held
from stream.sources.kinesis.leases import Lease, Rows, Table, ended
from stream.sources.kinesis.metrics import Metrics
from stream.sources.kinesis.onward import Onward
from stream.sources.kinesis.reader import Reader
from stream.sources.kinesis.shards import Shard, Stream, describe, listed, readable
from stream.sources.kinesis.sharing import Watch, plan

log = logging.getLogger("moodstream.kinesis")
_LIST_S: Final = 30.0
"""Between two lists of the stream's shards, where no shard's end asks for one at once."""
_LEAVE_S: Final = 20.0


class Adapter:
    """Runs until it's told to stop; several of one table share the stream."""

    def __init__(
        self, aws: Aws, stream: Stream, table: Table, start: str, onward: Onward, metrics: Metrics,
        lasts_s: float, at_most: int,
    ) -> None:  # fmt: skip  # wired once, by `run`
        self._aws = aws
        self._stream = stream
        self._table = table
        self._start = start
        self._onward = onward
        self._metrics = metrics
        self._lasts_s = lasts_s
        self._at_most = at_most
        self._watch = Watch(lasts_s)
        self._held: dict[str, Held] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._given: set[str] = set()
        """Given away: they are others' to take first."""
        self._shards: dict[str, Shard] = {}
        self._list_at = 0.0
        self._lives = 0
        self._leaving = asyncio.Event()
        self._look_now = asyncio.Event()

    def stop(self) -> None:
        """Finish what is under way, checkpoint, and let go of all shards."""
        self._leaving.set()
        self._look_now.set()

    async def run(self) -> None:
        """Until `stop`; raises `Misconfigured` where it may not go on."""
        renewing = asyncio.create_task(self._renew_always())
        looking = asyncio.create_task(self._look_until_told())
        try:
            done, _ = await asyncio.wait({renewing, looking}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            await self._leave()
        finally:
            for task in (renewing, looking, *self._reading.values()):
                task.cancel()

    async def _renew_always(self) -> None:
        while True:
            await self._put_off_what_fails(self._renew)
            await asyncio.sleep(self._lasts_s / 4)

    async def _look_until_told(self) -> None:
        while not self._leaving.is_set():
            self._look_now.clear()
            await self._put_off_what_fails(self._look)
            try:
                async with asyncio.timeout(self._lasts_s / 4):
                    await self._look_now.wait()
            except TimeoutError:
                continue

    async def _put_off_what_fails(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Unavailable as error:
            log.warning("put off: %s", error)

    async def _renew(self) -> None:
        """Hold on to what is held, and tell the others that this adapter lives."""
        renewals = [self._renew_one(held) for held in list(self._held.values())]
        if not self._leaving.is_set():
            self._lives += 1
            renewals.append(self._table.live(self._lives, self._at_most - len(self._held)))
        await asyncio.gather(*renewals)

    async def _renew_one(self, held: Held) -> None:
        try:
            await held.checkpoint()
        except LeaseLost as error:
            log.warning("%s", error)  # its reader finds out before it hands on anything more
        except Unavailable as error:
            log.warning("the lease of %s isn't renewed yet: %s", held.shard, error)

    async def _look(self) -> None:
        """List the shards from time to time, then take and give what is due."""
        if time.monotonic() >= self._list_at:
            await self._list()
        asked = time.monotonic()
        rows = await self._table.look()
        self._watch.see(rows, time.monotonic())
        await self._share(rows, asked)
        await self._forget(rows, asked)

    async def _list(self) -> None:
        if not self._stream.is_same(await describe(self._aws, self._stream.name)):
            raise Misconfigured(f"the stream {self._stream.name} was deleted and made again: start the adapter anew")
        self._shards = await listed(self._aws, self._stream)
        known = await self._table.look()
        for shard in self._shards.keys() - known.leases.keys():
            await self._table.add(shard, self._start)
        self._list_at = time.monotonic() + _LIST_S

    async def _share(self, rows: Rows, now: float) -> None:
        living = self._watch.living(rows, now)
        others = {name: one for name, one in living.items() if name != self._table.me}
        due = [rows.leases[shard] for shard in self._readable(rows) if shard in rows.leases]
        due = [lease for lease in due if lease.shard not in self._held]
        held = {lease.shard: lease.owner for lease in due if self._watch.is_held(lease, now) and lease.owner in others}
        free = [lease for lease in due if self._is_free(lease, now, held)]
        left = {lease.shard for lease in free if self._watch.still(lease, now) > 2 * self._lasts_s}
        self._metrics.unread = len(free)
        todo = plan(self._held, free, left, held, others, self._at_most - len(self._held))
        for lease in todo.take:
            if lease.shard not in self._given or self._watch.still(lease, now) > self._lasts_s:
                await self._take(lease)
        for shard in list(self._held)[: todo.give]:
            self._held[shard].wanted.set()

    def _readable(self, rows: Rows) -> list[str]:
        return readable(self._shards, set(ended(rows.leases)), rows.leases.keys())

    async def _forget(self, rows: Rows, now: float) -> None:
        """Sweep away the rows of shards that are gone from the stream, and of adapters that aren't heard of."""
        gone = self._watch.gone(rows, self._shards, now)
        for lease in gone:
            if not lease.is_ended:
                log.error(
                    "%s is gone from the stream; what wasn't read of it, after %s, is lost", lease.shard, lease.place
                )
        silent = rows.adapters.keys() - self._watch.living(rows, now).keys() - {self._table.me}
        await self._table.forget([lease.shard for lease in gone], silent)

    def _is_free(self, lease: Lease, now: float, held: dict[str, str]) -> bool:
        """Nobody's, or of one who doesn't renew it; one's own that one doesn't know of is left to grow cold, too."""
        return lease.shard not in held and (not lease.owner or not self._watch.is_held(lease, now))

    async def _take(self, lease: Lease) -> None:
        if self._leaving.is_set():
            return
        asked = time.monotonic()
        mine = await self._table.take(lease)
        if mine is None:
            return
        self._given.discard(lease.shard)
        self._metrics.leases["taken over" if lease.owner else "taken"] += 1
        log.info("%s is read from %s%s", mine.shard, mine.place, f", not by {lease.owner} any more" * bool(lease.owner))
        held = self._held[mine.shard] = Held(self._table, mine, self._lasts_s, asked)
        self._reading[mine.shard] = asyncio.create_task(self._read(held))

    async def _read(self, held: Held) -> None:
        """Read until there's a reason not to; whatever it is, the shard is somebody's again soon."""
        try:
            self._metrics.tell(held.shard, 0)
            was_ended = await self._read_to_end(held)
            await held.release(ended=was_ended)
            self._metrics.leases["ended" if was_ended else "given away"] += 1
            self._given.add(held.shard)
            self._list_at = 0.0 if was_ended else self._list_at
            log.info("%s is %s", held.shard, "read to its end" if was_ended else "given away")
        except LeaseLost as error:
            self._metrics.leases["lost"] += 1
            log.warning("%s", error)
        except Exception:
            self._metrics.leases["lost"] += 1
            log.exception("%s is read no more for now", held.shard)
        finally:
            held.drop()
            self._held.pop(held.shard, None)
            self._reading.pop(held.shard, None)
            self._metrics.forget(held.shard)
            self._look_now.set()

    async def _read_to_end(self, held: Held) -> bool:
        try:
            return await Reader(self._aws, self._stream, held, self._onward, self._metrics, _now).run()
        except SourceGone:
            log.error("%s is gone from the stream; what wasn't read of it, after %s, is lost", held.shard, held.place)
            return True

    async def _leave(self) -> None:
        """Give all away, so that the others needn't wait; what takes too long they take over."""
        log.info("leaving: %d shards are given away", len(self._held))
        await self._put_off_what_fails(lambda: self._table.forget((), [self._table.me]))
        for held in self._held.values():
            held.wanted.set()
        if self._reading:
            await asyncio.wait(self._reading.values(), timeout=_LEAVE_S)


def _now() -> int:
    return int(time.time() * 1000)
