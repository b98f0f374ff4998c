"""Our worker as the product runs it, any number of them, and the window in which they took in a filled topic."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import psutil  # type: ignore[import-untyped, unused-ignore]

from benchmarks.filled import Filled, Last, members
from benchmarks.machine import between, look
from benchmarks.references.window import Window
from contracts.errors import Unavailable
from contracts.sharding import USER_SHARDS
from moodstream.local.service import TETHER
from online.store.protocol import Store
from online.store.redis import connect

COMMAND: Final = (sys.executable, "-m", "moodstream", "stream")
_STARTED_WITHIN_S: Final = 60.0
_DONE_WITHIN_S: Final = 180.0
_ENDS_WITHIN_S: Final = 30.0
_LOOK_S: Final = 0.02
_WINDOW: Final = 0.2
"""Of all records; a window of fewer says little."""


class Taken(NamedTuple):
    """The window, and what share of a core each process had in it."""

    window: Window
    """Its CPU time is that of all workers."""
    cores: dict[str, float]
    """Of all workers together, of Kafka, of Redis, of all others on the machine, and of all."""


@contextmanager
def worker(filled: Filled, number: int, command: tuple[str, ...] = COMMAND) -> Iterator[psutil.Process]:
    """One more worker; it dies with us, and is asked to end at the end."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MOODSTREAM_")}
    variables |= {**filled.settings.environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with log_of(filled, number).open("wb") as log:
        started = psutil.Popen(
            [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *command],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield started
        for one in started.children() or [started]:  # a profiler ends by itself when the worker has, and then writes
            one.terminate()
        started.wait(_ENDS_WITHIN_S)
    finally:
        if started.poll() is None:
            started.kill()
            started.wait()


def log_of(filled: Filled, number: int) -> Path:
    return filled.settings.home / "logs" / f"worker-{number}.log"


def take_in(filled: Filled, count: int = 1, command: tuple[str, ...] = COMMAND) -> Taken:
    """Have so many workers take in everything, from an empty store on; raises `Unavailable` where they don't.

    The window begins when all of them have a part and every partition has moved, and ends when the store has the last
    record of each partition. How far they are is what stands in the store, record by record, not what was fetched.
    """
    filled.forget()
    with ExitStack() as running:
        processes = [running.enter_context(worker(filled, number, command)) for number in range(count)]
        return asyncio.run(_watch(filled, processes))


async def _watch(filled: Filled, workers: list[psutil.Process]) -> Taken:
    store = connect(filled.settings.redis or "", filled.settings.namespace)
    watched = {"workers": [one.pid for one in workers], **{name: [pid] for name, pid in filled.servers.items()}}
    start = _Start(filled, store, len(workers))
    try:
        await _until(start.is_there, _STARTED_WITHIN_S, filled, workers)
        first, began = await positions(store, filled.settings.partitions), look(watched)
        await _until(lambda: _is_done(store, filled.lasts), _DONE_WITHIN_S, filled, workers)
        ended = look(watched)
    finally:
        await store.close()
    events = sum(filled.ends.values()) - sum(first.values())
    if events < _WINDOW * sum(filled.ends.values()):
        raise Unavailable(
            f"nearly all was taken in before the window opened, with workers: {len(workers)}; give more --events"
        )
    worked = ended.worked["workers"] - began.worked["workers"]
    return Taken(Window(events, ended.at - began.at, worked), between(began, ended))


class _Start:
    """When everyone has a part and every partition has moved since."""

    def __init__(self, filled: Filled, store: Store, count: int) -> None:
        self._filled = filled
        self._store = store
        self._count = count
        self._settled = dict.fromkeys(filled.lasts, 1) if count == 1 else dict[int, int]()

    async def is_there(self) -> bool:
        """Asked again and again."""
        beats = {beat.partition: beat.position for beat in await self._store.heartbeats()}
        if len(beats) < len(self._filled.lasts):
            return False
        if not self._settled:
            if members(self._filled.settings.kafka or "", self._filled.group) == self._count:
                self._settled = {number: max(1, position) for number, position in beats.items()}
            return False
        ends = self._filled.ends
        return all(beats[number] > before or beats[number] == ends[number] for number, before in self._settled.items())


async def positions(store: Store, partitions: int) -> dict[int, int]:
    """The next offset of each partition: after the last record that any of its shards has taken in."""
    metas = await store.shards(range(USER_SHARDS))
    offsets = {shard: meta.watermark.offset for shard, meta in metas.items()}
    return {
        number: 1 + max(offsets[shard] for shard in range(number, USER_SHARDS, partitions))
        for number in range(partitions)
    }


async def _is_done(store: Store, lasts: Mapping[int, Last]) -> bool:
    metas = await store.shards([last.shard for last in lasts.values()])
    return all(metas[last.shard].watermark.offset >= last.offset for last in lasts.values())


async def _until(
    holds: Callable[[], Awaitable[bool]], within_s: float, filled: Filled, workers: list[psutil.Process]
) -> None:
    deadline = time.monotonic() + within_s
    while not await holds():
        late = time.monotonic() > deadline
        if late or any(one.poll() is not None for one in workers):
            said = "\n".join(log_of(filled, number).read_text()[-2000:] for number in range(len(workers)))
            raise Unavailable(f"a worker {'is late' if late else 'ended'}:\n{said}")
        await asyncio.sleep(_LOOK_S)
