"""`python -m serving`: the API by the settings of the environment; `moodstream serve` does the same."""

import sys

from contracts import settings
from contracts.errors import MoodstreamError
from serving.server import serve

if __name__ == "__main__":
    try:
        serve(settings.read())
    except MoodstreamError as error:
        sys.exit(f"moodstream: {error}")
