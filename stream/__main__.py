"""`python -m stream`: a worker by the settings of the environment; `moodstream stream` does the same."""

import sys

from contracts import settings
from contracts.errors import MoodstreamError
from stream.worker import run

if __name__ == "__main__":
    try:
        run(settings.read())
    except MoodstreamError as error:
        sys.exit(f"moodstream: {error}")
