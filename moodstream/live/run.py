"""`moodstream evaluate --live`: from the files to the verdict."""

from pathlib import Path

import msgspec

from batch.catalogue import catalogue_of
from batch.dataset import read_events, read_items
from batch.evaluate.protocol import Protocol
from contracts.settings import Settings
from moodstream.console import say
from moodstream.evaluation import Data
from moodstream.live.check import check
from moodstream.live.verdict import is_good, show


def evaluate_live(settings: Settings, data: Data, protocol: Protocol, version: str, json_file: Path | None) -> bool:
    """Compare, print, and write the JSON; False where too few requests were answered the same.

    Raises `Misconfigured`, `InvalidEvent`, `BundleRejected`, `Unavailable`.
    """
    items = catalogue_of(read_items(data.items)) if data.items else ()
    found = check(settings, read_events(data.events), items, protocol, version)
    show(found)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        say(f"written to {json_file}")
    return is_good(found)
