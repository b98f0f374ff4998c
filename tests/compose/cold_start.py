"""The seconds from nothing to a served recommendation, images built: `python -m tests.compose.cold_start`."""

import sys
import tempfile
import time
from pathlib import Path

from contracts.errors import Unavailable
from moodstream.console import say
from online.answer.answered import Recommendations
from tests.compose.up import CORE, Compose, eventually, missing


def main() -> None:
    """Print the seconds until any answer, until one of a trained bundle, until one of that user's own state."""
    if lacking := missing(*CORE):
        sys.exit(f"it can't be measured here: {lacking}")
    with tempfile.TemporaryDirectory() as folder, Compose(Path(folder), ()) as stack, stack.client() as client:
        stack("build", "--quiet", "prepare")
        began = time.monotonic()
        stack("up", "--detach", "--no-build")

        def answer() -> Recommendations | None:
            try:
                return client.recommend("460")
            except Unavailable:
                return None

        eventually(lambda: answer() is not None)
        say(f"the API answers: {time.monotonic() - began:.0f} s")
        eventually(lambda: bool((found := answer()) and found.bundle and found.items), within_s=3600)
        say(f"from a trained bundle: {time.monotonic() - began:.0f} s")
        eventually(lambda: bool((found := answer()) and not found.degraded and found.age_ms), within_s=600)
        say(f"from the user's own state: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
