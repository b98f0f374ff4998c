"""A process beside the one that measures, which takes what it is sent and says what came of it."""

import multiprocessing
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self


class Child:
    """`target` runs in it with the given arguments and its end of the pipe, and says when it's ready; ended on leaving.

    Raises `EOFError` where it has ended by itself.
    """

    def __init__(self, target: Callable[..., None], *given: object) -> None:
        self._pipe: Any
        self._pipe, self._theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=target, args=(*given, self._theirs), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()
