"""SIGTERM while something is trained: it is heard, the checkpoint is written, and then the process ends."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final, NoReturn

CODE: Final = 128 + signal.SIGTERM
EVERY_S: Final = 60.0
"""Seconds of training that a kill may cost."""


@dataclass
class Interruption:
    """Whether the process was asked to end, as a spot machine is half a minute before it's taken away."""

    asked: bool = False
    saved: float = field(default_factory=time.monotonic)
    """When the last checkpoint was left."""

    def heed(self, save: Callable[[], None]) -> None:
        """Save where that is due or the last chance, which is followed by the end."""
        if self.asked or time.monotonic() - self.saved > EVERY_S:
            save()
        if self.asked:
            self.end()

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
