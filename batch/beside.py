"""A ranker that is fitted in a process of its own, while training goes on in this one."""

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from batch.fitting import Fitting, read
from batch.ranking import Fitted
from contracts.errors import Unavailable


class Beside:
    """What is heard of the ranker that another process fits."""

    def __init__(self, heard: Connection) -> None:
        self.share = 0.0
        """Of its work, in [0, 1]."""
        self._heard = heard

    def found(self, patience_s: float = 0.0) -> Fitted | None:
        """The ranker, once; None if it isn't ready within so many seconds.

        Raises what was raised there, and `Unavailable` where that process died.
        """
        while self._heard.poll(patience_s):
            said = self._said()
            if isinstance(said, Exception):
                raise said
            if isinstance(said, Fitted):
                self.share = 1.0
                return said
            self.share, patience_s = said, 0.0
        return None

    def _said(self) -> float | Fitted | Exception:
        try:
            said: float | Fitted | Exception = self._heard.recv()
        except EOFError as error:
            raise Unavailable("the process that fitted the ranker died: was there too little memory?") from error
        return said


@contextmanager
def beside(fitting: Fitting) -> Iterator[Beside]:
    """Another process fits the ranker; it ends with this context, and with this process however that ends."""
    context = multiprocessing.get_context("spawn")
    heard, said = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="moodstream-") as name, heard:
        fitting.write(Path(name))
        process = context.Process(target=_fit, args=(Path(name), said), daemon=True)
        with said, _without_interrupts():
            process.start()
        try:
            yield Beside(heard)
        finally:
            process.kill()
            process.join()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is started meanwhile never sees a Ctrl-C, not even while it starts: this process gets it, and ends both."""
    resource_tracker.ensure_running()  # started later, it would let them through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _fit(folder: Path, said: Connection) -> None:
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    with suppress(BrokenPipeError):  # nobody waits for it any more
        try:
            found = read(folder).ranker(said.send)
        except Exception as error:
            error.add_note(f"in the process that fitted the ranker:\n{traceback.format_exc()}")
            said.send(error)
        else:
            said.send(found)


def _end_with_parent(folder: Path) -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
