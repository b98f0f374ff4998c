"""Jobs done side by side, in worker processes that read bundle and log once and do one job after the other."""

import multiprocessing
import os
import queue
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch.baselines.baseline import Baseline
from batch.evaluate.jobs import Done, Retrain, Work, run
from batch.evaluate.protocol import Repeats
from batch.evaluate.schedule import Schedule
from batch.evaluate.split import Split, Step
from batch.replay import UserEvent
from contracts.errors import Unavailable
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
    seed: int
    retrain: Retrain
    baselines: Sequence[Callable[[], Baseline]]

    def work(self) -> Work:
        head, steps, repeats = _decoder.decode((self.folder / _LOG).read_bytes())
        bundle = bundles.read(self.folder / _BUNDLE)
        held_out = bundles.read(self.folder / _HELD_OUT) if (self.folder / _HELD_OUT).exists() else None
        split = Split(head, steps, repeats)
        return Work(split, self.schedule, bundle, held_out, self.seed, self.retrain, self.baselines)


_decoder: Final = msgspec.msgpack.Decoder(tuple[list[UserEvent], list[Step], Repeats])


def one_by_one(jobs: Sequence[str], work: Work, tell: Tell) -> dict[str, Done]:
    """All jobs, in this process."""
    found: dict[str, Done] = {}
    for job in jobs:
        found[job] = run(job, work, _named(job, tell))
    return found


def side_by_side(jobs: Sequence[str], work: Work, tell: Tell, workers: int) -> dict[str, Done]:
    """All jobs, so many at a time, in processes of their own; raises what the first to fail raised.

    `Unavailable` where a process died.
    """
    context = multiprocessing.get_context("spawn")
    said: Queue[Said] = context.Queue()
    stop = context.Event()
    with _stored(work) as stored, ProcessPoolExecutor(workers, context, _begin, (stored, said, stop)) as pool:
        pending = {job: pool.submit(_done, job) for job in jobs}
        try:
            while not all(future.done() for future in pending.values()):
                _pass_on(said, tell)
                for future in pending.values():
                    if future.done():
                        future.result()
            return {job: future.result() for job, future in pending.items()}
        except BrokenProcessPool as error:
            raise Unavailable("a worker process died: was there too little memory? --max-events takes less") from error
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _stored(work: Work) -> Iterator[_Stored]:
    with tempfile.TemporaryDirectory(prefix="moodstream-") as name:
        folder = Path(name)
        split = work.split
        (folder / _LOG).write_bytes(msgspec.msgpack.encode((split.head, split.steps, split.repeats)))
        bundles.write(work.bundle, folder / _BUNDLE)
        if work.held_out is not None:
            bundles.write(work.held_out, folder / _HELD_OUT)
        yield _Stored(folder, work.schedule, work.seed, work.retrain, work.baselines)


def _pass_on(said: "Queue[Said]", tell: Tell) -> None:
    try:
        tell(*said.get(timeout=_PATIENCE_S))
    except queue.Empty:
        return


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
