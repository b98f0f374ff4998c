"""`docs/events.md`: the topics and what their records hold, from the AsyncAPI document."""

from typing import Any, Final

from documents.fields import fields_table, sources_of
from documents.markdown import as_json, block, page, table
from moodstream.asyncapi import CHANNELS, Channel, document

_DAY_MS: Final = 24 * 3600 * 1000
_INTRODUCTION: Final = """\
Moodstream learns from two topics and writes three. Records are JSON; a key decides the partition by Kafka's default
partitioner (murmur2), and one that lies elsewhere is published again where it belongs. The names below begin with
`MOODSTREAM_NAMESPACE` (`moodstream`), and the topics are made by `moodstream topics`, as by everything that starts.

What an event is to say of itself: `event_id`, by which a repetition is known (among a user's last 256 events), and
`time`, when it happened, in UTC milliseconds; sent through `POST /v1/events` both may be left out. Fields that aren't
known are passed over. A field that doesn't fit makes the event a [dead letter](dead-letters.md)."""
_FOR_PROGRAMS: Final = """\
The same for programs: the JSON Schema (2020-12) of what a producer may send, and the AsyncAPI document (3.0) of all
topics:"""
_VERBS: Final = """\
moodstream events schema > events.schema.json
moodstream events schema --asyncapi > asyncapi.json"""


def events_page() -> str:
    """The page."""
    found = document()
    said = sources_of(*(kind for channel in CHANNELS for kind in channel.kinds))
    overview = table(
        ("topic", "key", "kept", "what lies there"),
        [(f"[`{one.topic.name}`](#{one.topic.name})", one.topic.keyed_by, _kept(one), one.said) for one in CHANNELS],
    )
    messages, schemas = found["components"]["messages"], found["components"]["schemas"]
    parts = [
        f"## `{channel.topic.name}`\n\n{channel.said}\n\n"
        + "\n\n".join(_message(messages[kind.__name__], schemas[kind.__name__], said) for kind in channel.kinds)
        for channel in CHANNELS
    ]
    named = {kind.__name__ for channel in CHANNELS for kind in channel.kinds}
    shared = [_part(name, schemas[name], said) for name in sorted(schemas.keys() - named)]
    return page(
        "Events and topics",
        _INTRODUCTION,
        overview,
        _FOR_PROGRAMS,
        block("sh", _VERBS),
        *parts,
        "## Their parts",
        *shared,
    )


def _kept(channel: Channel) -> str:
    if channel.topic.compact:
        return "the newest of each key, for ever"
    return f"{channel.topic.retention_ms // _DAY_MS} days"


def _message(message: dict[str, Any], schema: dict[str, Any], said: dict[str, dict[str, str]]) -> str:
    return f"{_part(message['name'], schema, said)}\n\n{as_json(message['examples'][0]['payload'])}"


def _part(name: str, schema: dict[str, Any], said: dict[str, dict[str, str]]) -> str:
    heading = f"### {name}\n\n{schema.get('description', '')}"
    if schema.get("type") == "array":  # by place, as `Shown`
        names, items = list(said[name]) or list(_PLACES.get(name, ())), schema["items"]
        schema = {"properties": dict(zip(names, items, strict=True)), "required": names}
    return f"{heading}\n\n{fields_table(schema, said.get(name, {}), '#{}')}"


_PLACES: Final = {"Shown": ("item_id", "position", "score", "propensity")}
