"""One benchmark in a process of its own: `python -m benchmarks.one NAME FILE [--quick]` writes its figures there."""

import argparse
from pathlib import Path

import msgspec

from benchmarks.suite import BENCHES
from contracts.errors import MoodstreamError


def main() -> None:
    """Run it; what went wrong on purpose is one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("file", type=Path)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    try:
        found = BENCHES[chosen.name].run(chosen.quick)
    except MoodstreamError as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error
    chosen.file.write_bytes(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
