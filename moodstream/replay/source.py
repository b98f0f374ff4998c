"""From where a replay's log comes, bent where that is asked for."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from batch.bend import bend
from contracts.errors import Misconfigured
from contracts.settings import Settings
from contracts.topics import EVENTS
from moodstream.replay.from_file import from_file
from moodstream.replay.from_kafka import from_kafka
from moodstream.replay.from_lake import from_lake
from moodstream.replay.plan import Plan, Source
from online.learn.outgoing import Raw


def source_of(settings: Settings, topic: str, lake: str, file: Path | None) -> Source:
    """Of the three at most one is named; the topic of events otherwise. Raises `Misconfigured`."""
    if sum(map(bool, (topic, lake, file))) > 1:
        raise Misconfigured("--topic, --lake and --file exclude each other: a replay reads one log")
    if lake:
        return Source("lake", lake if "://" in lake else str(Path(lake).absolute()), settings.namespace)
    if file:
        return Source("file", str(file.absolute()), settings.namespace)
    if topic in ("", EVENTS.name):
        return Source("topic", EVENTS.full_name(settings.namespace), settings.namespace)
    if not topic.endswith(f".{EVENTS.name}"):
        raise Misconfigured(f"--topic {topic}: only events can be learned: use events, or NAMESPACE.events of another")
    return Source("topic", topic, settings.namespace)


def log_of(settings: Settings, plan: Plan) -> Iterable[Raw]:
    """The plan's log in the order of arrival, bent where it says so; raises as the sources do."""
    found = _read(settings, plan)
    return bend(found, plan.bends, plan.seed) if plan.bends else found


def _read(settings: Settings, plan: Plan) -> Iterator[Raw]:
    source, since = plan.source, None if plan.warm else plan.since
    match source.kind:
        case "topic":
            return from_kafka(settings, source.place, since, plan.until)
        case "lake":
            return from_lake(source.place, source.namespace, since, plan.until)
        case "file":
            return from_file(Path(source.place), since, plan.until)
