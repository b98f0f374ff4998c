"""`moodstream evaluate --live`: from the files to the verdict."""

from pathlib import Path

from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from batch.evaluate.protocol import Protocol
from contracts.settings import Settings
from moodstream.evaluation import Data
from moodstream.live.check import check
from moodstream.live.verdict import is_good, show
from moodstream.written import write_json


def evaluate_live(settings: Settings, data: Data, protocol: Protocol, version: str, json_file: Path | None) -> bool:
    """Compare, print, and write the JSON; False where too few requests were answered the same.

    Raises `Misconfigured`, `InvalidEvent`, `BundleRejected`, `Unavailable`.
    """
    items = catalogue_of(read_items(data.items)) if data.items else ()
    found = check(settings, read_events(data.events), items, protocol, version)
    show(found)
    write_json(json_file, found)
    return is_good(found)
