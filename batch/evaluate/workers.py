"""Jobs done side by side, in worker processes that read bundle and log once and do one job after the other."""

import multiprocessing
import os
import queue
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch.baselines.baseline import Baseline
from batch.evaluate.jobs import Done, Retrain, Trained, Work, run
from batch.evaluate.schedule import Schedule
from batch.evaluate.split import Split, Step
from batch.plan import Repeats
from batch.replay import UserEvent
from contracts.errors import Unavailable
from contracts.heap import settle
from model import bundle as bundles

Tell = Callable[[str, int, int], None]
"""Takes a job, how many events it has replayed, and of how many."""
Said = tuple[str, int, int]
_PATIENCE_S: Final = 0.2
_LOG, _BUNDLE, _HELD_OUT = "log.msgpack", "bundle", "held_out"


class _Stored(NamedTuple):
    """A work whose large parts lie in a folder; what goes to a worker when it starts."""

    folder: Path
    schedule: Schedule
    items: Sequence[str]
    seed: int
    retrain: Retrain
    baselines: Sequence[Callable[[], Baseline]]

    def work(self) -> Work:
        head, steps, repeats = _decoder.decode((self.folder / _LOG).read_bytes())
        bundle, held_out = (
            bundles.read(self.folder / name) if (self.folder / name).exists() else None for name in (_BUNDLE, _HELD_OUT)
        )
        trained = Trained(bundle, held_out) if bundle else None
        split = Split(head, steps, repeats)
        return Work(split, self.schedule, self.items, self.seed, self.retrain, self.baselines, trained)


_decoder: Final = msgspec.msgpack.Decoder(tuple[list[UserEvent], list[Step], Repeats])


def one_by_one(jobs: Sequence[str], work: Work, tell: Tell) -> dict[str, Done]:
    """All jobs, in this process."""
    found: dict[str, Done] = {}
    for job in jobs:
        found[job] = run(job, work, _named(job, tell))
    return found


class Running:
    """Jobs that are being done in processes of their own."""

    def __init__(self, pending: Mapping[str, "Future[Done]"], said: "Queue[Said]") -> None:
        self._pending = pending
        self._said = said

    @property
    def ended(self) -> bool:
        """Whether all of them are done, or failed."""
        return all(future.done() for future in self._pending.values())

    def look(self, tell: Tell) -> None:
        """Pass on what they say; raises what the first to fail raised, `Unavailable` where a process died."""
        with suppress(queue.Empty):
            tell(*self._said.get(timeout=_PATIENCE_S))
            while True:
                tell(*self._said.get_nowait())
        self.found()

    def found(self) -> dict[str, Done]:
        """What those found that are done."""
        try:
            return {job: future.result() for job, future in self._pending.items() if future.done()}
        except BrokenProcessPool as error:
            raise Unavailable("a worker process died: was there too little memory? --max-events takes less") from error


def awaited(running: Sequence[Running], tell: Tell) -> dict[str, Done]:
    """What all of these jobs found, once they are done; raises as `Running.look` does."""
    while not all(one.ended for one in running):
        for one in running:
            one.look(tell)
    return {job: done for one in running for job, done in one.found().items()}


@contextmanager
def side_by_side(jobs: Sequence[str], work: Work, workers: int) -> Iterator[Running]:
    """All jobs, so many at a time, in processes of their own, which end with the context."""
    context = multiprocessing.get_context("spawn")
    said: Queue[Said] = context.Queue()
    stop = context.Event()
    with _stored(work) as stored, ProcessPoolExecutor(workers, context, _begin, (stored, said, stop)) as pool:
        try:
            yield Running({job: pool.submit(_done, job) for job in jobs}, said)
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _stored(work: Work) -> Iterator[_Stored]:
    with tempfile.TemporaryDirectory(prefix="moodstream-") as name:
        folder = Path(name)
        split = work.split
        (folder / _LOG).write_bytes(msgspec.msgpack.encode((split.head, split.steps, split.repeats)))
        for name, bundle in zip((_BUNDLE, _HELD_OUT), work.trained or (), strict=False):
            if bundle is not None:
                bundles.write(bundle, folder / name)
        yield _Stored(folder, work.schedule, work.items, work.seed, work.retrain, work.baselines)


class _Worker(NamedTuple):
    work: Work
    said: "Queue[Said]"
    stop: Event


class _StopError(Exception):
    """Another job failed, or the first process is gone: nobody waits for this one."""


_worker: list[_Worker] = []
"""This process's, where it is a worker."""


def _begin(stored: _Stored, said: "Queue[Said]", stop: Event) -> None:
    said.cancel_join_thread()  # what nobody reads any more holds up nobody's end
    _worker.append(_Worker(stored.work(), said, stop))
    settle()


def _done(job: str) -> Done:
    work, said, stop = _worker[0]
    parent = os.getppid()

    def tell(name: str, done: int, total: int) -> None:
        said.put((name, done, total))
        if stop.is_set() or os.getppid() != parent:
            raise _StopError

    return run(job, work, _named(job, tell))


def _named(job: str, tell: Tell) -> Callable[[int, int], None]:
    return lambda done, total: tell(job, done, total)
