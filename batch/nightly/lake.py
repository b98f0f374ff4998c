"""The lake as a night sees it: everything before its watermark, and nothing that came later."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from batch import lake_log
from batch.lake_log import Held
from batch.log import Log
from batch.nightly.night import Begun
from contracts.settings import Settings
from online.lake import read


def positions(settings: Settings) -> dict[str, dict[int, int]]:
    """Where the lake ends now, by life of the topic and partition."""
    return {life: dict(of) for life, of in read.positions(settings.lake_url, settings.namespace).items()}


def reached(settings: Settings, before: read.Positions, reach: int) -> int:
    """From when on (UTC ms) the newest so many events arrived; 0 for all there are, or for a reach without end."""
    return read.newest(settings.lake_url, settings.namespace, before, reach) if reach else 0


def log_of(settings: Settings, begun: Begun) -> Held:
    """What is trained on and foretold, in the order in which it arrived; each night draws other users."""
    place = settings.lake_url, settings.namespace
    return lake_log.log_of(*place, since=begun.since, before=begun.before, most=begun.most, salt=str(begun.time))


def rows_of(settings: Settings, begun: Begun, columns: Sequence[str]) -> Iterator[pa.Table]:
    """What the checks look at, some thousand rows at once: all events, and those too that came twice."""
    place = settings.lake_url, settings.namespace
    return read.read_events(*place, since=begun.since, before=begun.before, columns=columns, repeated=True)


def log_since(settings: Settings, since: int, most: int) -> Log:
    """What arrived from then (UTC ms) until now; the same users, as often as it is asked for."""
    return lake_log.log_of(settings.lake_url, settings.namespace, since=since, most=most, salt=str(since)).log
