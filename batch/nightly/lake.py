"""The lake as a night sees it: everything before its watermark, and nothing that came later."""

from typing import Final

import pyarrow as pa

from batch.lake_log import of_table
from batch.log import Log
from batch.nightly.night import Begun
from contracts.settings import Settings
from online.lake import read
from online.lake.read import TRAINING, read_table, to_training

_LOOKED_AT: Final = (*TRAINING, "offset", "event_time")


def positions(settings: Settings) -> dict[str, dict[int, int]]:
    """Where the lake ends now, by life of the topic and partition."""
    return {life: dict(of) for life, of in read.positions(settings.lake_url, settings.namespace).items()}


def log_of(settings: Settings, begun: Begun) -> Log:
    """What is trained on and foretold, in the order in which it arrived."""
    return of_table(to_training(read_table(settings.lake_url, settings.namespace, before=begun.before)))


def rows_of(settings: Settings, begun: Begun) -> pa.Table:
    """What the checks look at: the same events, and those too that came twice."""
    place = settings.lake_url, settings.namespace
    return read_table(*place, before=begun.before, columns=_LOOKED_AT, repeated=True)


def log_since(settings: Settings, since: int) -> Log:
    """What arrived from then (UTC ms) until now."""
    return of_table(to_training(read_table(settings.lake_url, settings.namespace, since=since)))
