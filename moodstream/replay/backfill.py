"""`moodstream replay --into live`: events that the live system never had are published, and go the way of any event."""

import logging
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from batch.replay import Logged
from contracts import events
from contracts.errors import InvalidEvent, Misconfigured
from contracts.events import Impression, Interaction, MoodEvent
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.console import bar, say
from moodstream.local.operate import with_kafka
from moodstream.replay.plan import Plan
from moodstream.replay.source import log_of
from moodstream.sending import send
from moodstream.written import write_json
from online.kafka import partitions_of, reader, to_the_end
from online.lake.folder import Folder
from online.lake.position import noted_position
from online.reach import require_kafka
from online.store.state import FORWARDED
from stream.look import look

_AT_ONCE: Final = 20_000


class Backfilled(msgspec.Struct, frozen=True):
    """What was done; `--json` writes it."""

    source: str
    events: int
    """Records that the source had."""
    known: int
    """Of them, what the lake or Kafka has under the same id."""
    refused: int
    """What is no event."""
    left_out: int
    """Aliases, erasures and what an alias moved: done again now, they would change what came since."""
    published: int


def backfill(settings: Settings, plan: Plan, json_file: Path | None, is_wanted: Callable[[int], bool]) -> bool:
    """Publish what isn't there; False where nobody wants so many to be. It may be killed and run again: ids are known.

    Raises `Misconfigured`, `KafkaUnavailable`, `StateUnreadable` for a damaged lake.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of it is raised, and said in one line
    if plan.bends:
        raise Misconfigured("--inject bends a log for tests: it doesn't go --into live")
    settings = with_kafka(settings)
    require_kafka(settings.kafka or "")
    found, missing = _missing(settings, plan)
    say(
        f"{found.events:,} records of {plan.source.words}: {found.known:,} are there already, {found.refused:,} are no "
        f"events, {found.left_out:,} are aliases, erasures or what an alias moved; {len(missing):,} are to be published"
    )
    if missing and not is_wanted(len(missing)):
        return False
    with bar("publishing", max(1, len(missing)), "events") as told:
        for start in range(0, len(missing), _AT_ONCE):
            send(settings, missing[start : start + _AT_ONCE])
            told(min(len(missing), start + _AT_ONCE), "")
    write_json(json_file, msgspec.structs.replace(found, published=len(missing)))
    return True


def ask(count: int) -> bool:
    """Of whoever sits at the terminal; raises `Misconfigured` where nobody does."""
    if not sys.stdin.isatty():
        raise Misconfigured("--into live asks first, and nobody is there to answer: --yes says it beforehand")
    return input(f"publish {count:,} events to the live topic? [y/N] ").strip().lower() in ("y", "yes")


def _missing(settings: Settings, plan: Plan) -> tuple[Backfilled, list[Logged]]:
    """What the live system lacks of the source, in the source's order."""
    wanted: dict[str, Logged] = {}
    count = refused = left_out = double = 0
    for raw in log_of(settings, plan):
        count += 1
        try:
            event = events.decode(raw.value)
        except InvalidEvent:
            refused += 1
            continue
        if not isinstance(event, Interaction | MoodEvent | Impression) or _was_moved(event):
            left_out += 1
            continue
        double += event.event_id in wanted
        wanted.setdefault(event.event_id, event)
    had = len(wanted)
    _forget_those_in_lake(settings, wanted)
    _forget_those_in_kafka(settings, wanted)
    return Backfilled(plan.source.words, count, had - len(wanted) + double, refused, left_out, 0), list(wanted.values())


def _was_moved(event: Logged) -> bool:
    return bool(event.forwards) or event.event_id.startswith(FORWARDED)


def _forget_those_in_lake(settings: Settings, wanted: dict[str, Logged]) -> None:
    """Erased ones are there too: what a user had erased doesn't come back."""
    folder = Folder(settings.lake_url, settings.namespace)
    for file in folder.files():
        _forget(folder.table(file, ["event_id"])["event_id"].to_pylist(), wanted)


def _forget_those_in_kafka(settings: Settings, wanted: dict[str, Logged]) -> None:
    """What the lake has yet to take in."""
    epoch = look(settings).course.present
    folder = Folder(settings.lake_url, settings.namespace)
    with reader(settings) as consumer:
        partitions = partitions_of(consumer, settings, EVENTS.full_name(settings.namespace))
        firsts, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        noted = {one: noted_position(folder, epoch.name, one.partition) for one in partitions}
        starts = {one: max(first, noted[one]) for one, first in firsts.items()}
        _forget(_ids(record.value for record in to_the_end(consumer, starts, ends)), wanted)


def _forget(ids: Iterable[str], wanted: dict[str, Logged]) -> None:
    for event_id in ids:
        wanted.pop(event_id, None)


def _ids(log: Iterable[bytes | None]) -> Iterable[str]:
    for raw in log:
        try:
            yield events.decode(raw or b"").event_id
        except InvalidEvent:
            continue
