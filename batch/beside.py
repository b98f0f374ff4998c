"""A ranker that is fitted in two processes of its own, which share the logging, while training goes on in this one."""

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from batch.fitting import Fitting, read
from batch.logged import RequestLog, Share
from batch.ranking import Fitted
from contracts.errors import Unavailable
from contracts.heap import settle

_FITS: Final = "fitted the ranker"
_HELPS: Final = "logged half of the ranker's requests"


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
            said: float | Fitted | Exception = _received(self._heard, _FITS)
            if isinstance(said, Exception):
                raise said
            if isinstance(said, Fitted):
                self.share = 1.0
                return said
            self.share, patience_s = said, 0.0
        return None


@contextmanager
def beside(fitting: Fitting) -> Iterator[Beside]:
    """Other processes fit the ranker; they end with this context, and with this process however that ends."""
    context = multiprocessing.get_context("spawn")
    heard, said = context.Pipe(duplex=False)
    of_helper, by_helper = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="moodstream-") as name, heard:
        fitting.write(Path(name))
        processes = [
            context.Process(target=_fit, args=(Path(name), of_helper, said), daemon=True),
            context.Process(target=_help, args=(Path(name), by_helper), daemon=True),
        ]
        with said, of_helper, by_helper, _without_interrupts():
            for process in processes:
                process.start()
        try:
            yield Beside(heard)
        finally:
            for process in processes:
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


def _fit(folder: Path, of_helper: Connection, said: Connection) -> None:
    def others() -> list[RequestLog]:
        found = _received(of_helper, _HELPS)
        if isinstance(found, Exception):
            raise found
        return [found]

    _say(folder, said, _FITS, lambda: read(folder).ranker(said.send, Share(0, 2), others))


def _help(folder: Path, said: Connection) -> None:
    _say(folder, said, _HELPS, lambda: read(folder).logged(Share(1, 2)))


def _say(folder: Path, said: Connection, what: str, work: Callable[[], object]) -> None:
    """Send what the work comes to, or the error that it raises; end when nobody waits for it any more."""
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    settle()
    with suppress(BrokenPipeError):
        try:
            found = work()
        except Exception as error:
            error.add_note(f"in the process that {what}:\n{traceback.format_exc()}")
            said.send(error)
        else:
            said.send(found)


def _received(heard: Connection, what: str) -> Any:
    try:
        return heard.recv()
    except EOFError as error:
        raise Unavailable(f"the process that {what} died: was there too little memory?") from error


def _end_with_parent(folder: Path) -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
