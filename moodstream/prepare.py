"""What demo and containers stand on: MovieLens-100K as events until today, a first bundle, and every user's state."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from batch import movielens
from batch.dataset import UserEvent, read_events, read_items
from contracts.events import ItemEvent
from contracts.settings import Settings
from contracts.topics import EVENTS, Topic
from model.shelf import Shelf
from moodstream.console import bar, say
from moodstream.local.running import heartbeats
from moodstream.publishing import publish_version
from moodstream.sending import send_and_learn
from moodstream.training import train_on_events

_DAY_MS: Final = 24 * 3600 * 1000
TRAINED_SHARE: Final = 0.8
"""The first part of the events, in time, that the bundle is trained on and the states are loaded with."""


class Prepared(NamedTuple):
    """The data as the demo uses it."""

    events: list[UserEvent]
    """Those that were trained on, in order of time."""
    items: dict[str, ItemEvent]


class Done(msgspec.Struct):
    """What was done before, so that a second demo starts at once."""

    shift_ms: int
    loaded_topic: str = ""


def prepare(
    settings: Settings, topic_ids: Mapping[Topic, str], start_workers: Callable[[], None] = lambda: None
) -> Prepared:
    """Fetch, train, publish, start the workers and load, each only where it wasn't done before."""
    folder = settings.home / "data" / "ml-100k"
    first = not movielens.is_there(folder)
    licence = movielens.fetch(folder, say)
    if first:
        say(licence)
    note = folder / "demo.json"
    done = _read(note, folder)
    part = _shifted(folder, done.shift_ms)
    current = Shelf(settings.bundles_url).current()
    if current is None:
        _train_first_bundle(settings, part)
    elif done.loaded_topic != topic_ids[EVENTS]:  # a log that has never heard of the bundle
        publish_version(settings, current)
    start_workers()
    if done.loaded_topic != topic_ids[EVENTS]:
        _load(settings, part)
        done.loaded_topic = topic_ids[EVENTS]
    note.write_bytes(msgspec.json.encode(done))
    return part


def _read(note: Path, folder: Path) -> Done:
    """What was done; at first, how far the data is moved so that its trained part ends today, in whole days."""
    if note.is_file():
        return msgspec.json.decode(note.read_bytes(), type=Done)
    events = _trained(read_events(folder / movielens.EVENTS))
    return Done(shift_ms=(int(time.time() * 1000) - events[-1].time) // _DAY_MS * _DAY_MS)


def _trained(events: list[UserEvent]) -> list[UserEvent]:
    return events[: int(TRAINED_SHARE * len(events))]


def _shifted(folder: Path, shift_ms: int) -> Prepared:
    events = _trained(read_events(folder / movielens.EVENTS))
    moved = [msgspec.structs.replace(event, time=event.time + shift_ms) for event in events]
    return Prepared(moved, {item.item_id: item for item in read_items(folder / movielens.ITEMS)})


def _train_first_bundle(settings: Settings, part: Prepared) -> None:
    say(f"training the first bundle on {len(part.events):,} events (some minutes on two cores)")
    version = train_on_events(settings, part.events, list(part.items.values()), resume=True)
    publish_version(settings, version)


def _load(settings: Settings, part: Prepared) -> None:
    say(f"sending {len(part.events):,} events through Kafka and the stream, so that every user has a state")
    with bar("learning", len(part.events), "events") as told:
        speed = send_and_learn(settings, part.events, lambda: heartbeats(settings), told)
    say(f"learned {len(part.events):,} events, {speed:,.0f} a second")
