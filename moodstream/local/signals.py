"""SIGTERM and SIGHUP end a `with` block as Ctrl-C does, and nothing cuts its orderly end short."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

_ALL: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise `SystemExit(128 + number)`; the handlers before it come back after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ALL}
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _exit)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def hear_no_more() -> None:
    """From here on signals are ignored, until `ended_by_signals` is left: what is left to do takes seconds."""
    if threading.current_thread() is threading.main_thread():
        for number in _ALL:
            signal.signal(number, signal.SIG_IGN)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
