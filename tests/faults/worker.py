"""A worker as a process of its own: the product's, watched, with a shorter session, and without one guard if so asked.

Forked by a server that has imported everything, so that a start costs no seconds of importing.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from faust.types import TP

import stream.app
import stream.sources.kinesis.run
import stream.worker
from contracts.settings import Settings
from contracts.topics import EVENTS
from online.learn.learner import Learner
from serving.server import serve
from stream.agents import Keeper
from stream.sources.kinesis.run import Asked
from tests.aws.given import as_anybody
from tests.faults.guards import GUARDS
from tests.faults.tally import Tally

PRELOAD: Final = ["tests.faults.tethered", __name__]
SESSION_S: Final = 4.0
"""The product's is 10 s: after a kill or a freeze, Kafka gives the partitions to others so much later."""
_PR_SET_PDEATHSIG: Final = 1

import_module("online.learn.watched")


def work(settings: Settings, log: Path, tally: Path, guard: str | None) -> None:
    """Run a worker until SIGTERM."""
    _to_be_a_child(log)
    _watch(Tally(tally))
    if guard:
        GUARDS[guard]()
    stream.worker.run(settings)


def answer(settings: Settings, log: Path) -> None:
    """Run the API until SIGTERM."""
    _to_be_a_child(log)
    serve(settings)


def adapt(settings: Settings, asked: Asked, log: Path) -> None:
    """Run a Kinesis adapter until SIGTERM."""
    as_anybody()
    _to_be_a_child(log)
    stream.sources.kinesis.run.run(settings, asked)


def _to_be_a_child(log: Path) -> None:
    """Log to this file, and end when the server that forks us ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream_ in (1, 2):
        os.dup2(file, stream_)


def _watch(tally: Tally) -> None:
    made: Callable[..., Any] = stream.app.create_app

    class Watched(Learner):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self.tally = tally

    class Placing(Keeper):
        async def _start_at(self, tp: TP) -> int:
            before = self.learner.positions().get(tp.partition, 0) if tp.topic.endswith(EVENTS.name) else 0
            start = await super()._start_at(tp)
            tally["seeks_back"] += start < before
            return start

    def create_app(*parts: Any) -> Any:
        app = made(*parts)
        app.conf.broker_session_timeout = SESSION_S
        app.conf.broker_heartbeat_interval = SESSION_S / 3
        return app

    wiring: Any = stream.app
    wiring.Learner, wiring.Keeper = Watched, Placing
    starting: Any = stream.worker
    starting.create_app = create_app
