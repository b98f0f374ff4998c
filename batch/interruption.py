"""SIGTERM while something is trained: it is heard, the checkpoint is written, and then the process ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final, NoReturn

CODE: Final = 128 + signal.SIGTERM


@dataclass
class Interruption:
    """Whether the process was asked to end, as a spot machine is half a minute before it's taken away."""

    asked: bool = False

    def end(self) -> NoReturn:
        """Raises `SystemExit`: what is to be kept is kept."""
        raise SystemExit(CODE)


@contextmanager
def heard() -> Iterator[Interruption]:
    """Inside, SIGTERM is only noted; whoever looks must end soon. Outside of the main thread nothing is heard."""
    found = Interruption()

    def note(number: int, frame: FrameType | None) -> None:
        found.asked = True

    if threading.current_thread() is not threading.main_thread():
        yield found
        return
    before = signal.signal(signal.SIGTERM, note)
    try:
        yield found
    finally:
        signal.signal(signal.SIGTERM, before)
