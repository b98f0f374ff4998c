"""`python -m serving`: the API by the settings of the environment; `moodstream serve` does the same."""

from contracts import settings
from serving.server import serve

if __name__ == "__main__":
    serve(settings.read())
