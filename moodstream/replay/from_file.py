"""A file in the plain form as a log: its events arrive at their own times."""

from collections.abc import Iterator
from pathlib import Path

from batch.dataset import read_events
from batch.prequential import records_of
from online.learn.outgoing import Raw


def from_file(path: Path, since: int | None, until: int | None) -> Iterator[Raw]:
    """What happened in [since, until) (UTC ms), equal times as in the file. Raises `InvalidEvent` with the line."""
    found = read_events(path)
    return records_of(
        one for one in found if (since is None or one.time >= since) and (until is None or one.time < until)
    )
