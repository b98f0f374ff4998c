"""The progress bar of a training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from batch.progress import Progress, Tell
from moodstream.console import bar

_STEPS: Final = 1000


@contextmanager
def training_bar() -> Iterator[Tell]:
    """It shows what the training tells of itself."""
    with bar("training", _STEPS, "‰") as told:

        def tell(progress: Progress) -> None:
            told(int(_STEPS * progress.share), progress.words)

        yield tell
