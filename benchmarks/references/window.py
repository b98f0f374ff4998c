"""How many records a process took in, by their offsets, in which time and with how much of the processor."""

import json
import os
import threading
import time
from collections.abc import Mapping
from typing import Final, NamedTuple

_LOOK_S: Final = 0.01
_MARK: Final = "window:"


class Window(NamedTuple):
    """From the first look that saw a record taken in to the one that saw the last."""

    events: int
    seconds: float
    cpu_s: float
    """User and system time of the process, all its threads."""

    @property
    def per_s(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Of one event."""
        return 1e6 * self.cpu_s / self.events

    @classmethod
    def said(cls, output: str) -> "Window":
        """As `tell_and_end` printed it; raises `ValueError` where it didn't."""
        _, mark, window = output.rpartition(_MARK)
        if not mark:
            raise ValueError("it ended without having read all")
        return cls(*json.loads(window))


def tell_and_end(positions: Mapping[int, int], ends: Mapping[int, int]) -> None:
    """Once every partition's next offset has reached its end: print the window and end the process, from a thread.

    Positions and time are read together, so a look that comes late makes the window shorter, not the speed higher.
    """
    threading.Thread(target=_watch, args=(positions, ends), daemon=True).start()


def _watch(positions: Mapping[int, int], ends: Mapping[int, int]) -> None:
    while not (first := sum(positions.values())):
        time.sleep(_LOOK_S)
    began, worked = time.monotonic(), time.process_time()
    while any(positions[partition] < end for partition, end in ends.items()):
        time.sleep(_LOOK_S)
    ended, done = time.monotonic(), time.process_time()
    print(_MARK, json.dumps([sum(ends.values()) - first, ended - began, done - worked]), flush=True)
    os._exit(0)  # nobody measures how it tidies up
