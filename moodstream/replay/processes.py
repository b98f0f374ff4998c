"""Several bundles at once, each in a process of its own; one alone stays in this one."""

import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from types import FrameType
from typing import Final, NamedTuple

from contracts.errors import Unavailable
from moodstream.replay.way import Arrived, Work, go

Tell = Callable[[int, int], None]
"""Takes a bundle's number, and how many records lie behind it."""
_LOOK_S: Final = 0.2


def go_all(work: Work, tell: Tell) -> list[Arrived | None]:
    """All of the plan's bundles, as many at a time as there are cores; Ctrl-C and SIGTERM stop them in good order.

    None stands for those that were stopped. Raises what any of them raises, `Unavailable` where a process died.
    """
    numbers = range(len(work.plan.bundles))
    cores = len(os.sched_getaffinity(0))
    with _stopping() as stopped:
        if len(numbers) == 1 or cores == 1:
            return [go(work, number, _named(tell, number), stopped) for number in numbers]
        context = multiprocessing.get_context("spawn")
        said: Queue[tuple[int, int]] = context.Queue()
        stop = context.Event()
        with ProcessPoolExecutor(min(cores, len(numbers)), context, _begin, (work, said, stop)) as pool:
            try:
                pending = [pool.submit(_go, number) for number in numbers]
                return _awaited(pending, said, tell, stopped, stop)
            finally:
                stop.set()


def _awaited(
    pending: "list[Future[Arrived | None]]",
    said: "Queue[tuple[int, int]]",
    tell: Tell,
    stopped: Callable[[], bool],
    stop: Event,
) -> list[Arrived | None]:
    while not all(one.done() for one in pending):
        with suppress(queue.Empty):
            tell(*said.get(timeout=_LOOK_S))
        if stopped() or any(one.done() and one.exception() for one in pending):
            stop.set()
    try:
        return [one.result() for one in pending]
    except BrokenProcessPool as error:
        raise Unavailable(
            "a process of the replay died: was there too little memory? the same command goes on from there"
        ) from error


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Inside, the first Ctrl-C or SIGTERM is only noted; the second one is what it always is."""
    heard: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        signal.signal(number, before[signal.Signals(number)])

    try:
        for number in before:
            signal.signal(number, hear)
        yield lambda: bool(heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Worker(NamedTuple):
    work: Work
    said: "Queue[tuple[int, int]]"
    stop: Event


_worker: list[_Worker] = []
"""This process's, where it is one of several."""


def _begin(work: Work, said: "Queue[tuple[int, int]]", stop: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches all: the first process tells the others
    said.cancel_join_thread()
    _worker.append(_Worker(work, said, stop))


def _go(number: int) -> Arrived | None:
    work, said, stop = _worker[0]
    parent = os.getppid()
    looked = [time.monotonic()]

    def stopped() -> bool:
        now = time.monotonic()
        if now - looked[0] < _LOOK_S:
            return False
        looked[0] = now
        return stop.is_set() or os.getppid() != parent

    return go(work, number, lambda place: said.put((number, place)), stopped)


def _named(tell: Tell, number: int) -> Callable[[int], None]:
    return lambda place: tell(number, place)
