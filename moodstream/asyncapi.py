"""The AsyncAPI document (3.0): the topics, their keys and what their records hold, from the types that all share."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args

import msgspec

from contracts.alarms import Alarm
from contracts.dead_letter import DeadLetter
from contracts.events import BundleChange, Event, Id, ItemEvent, PartitionChange
from contracts.settings import Settings
from contracts.topics import ALARMS, DEAD_LETTER, ENRICHED, EVENTS, ITEMS, Topic
from moodstream.examples import EXAMPLES
from online.learn.enrich import Enriched

VERSION: Final = "1"
Schema = dict[str, Any]
Kind = type[msgspec.Struct]

_USERS: Final[tuple[Kind, ...]] = tuple(kind for kind in get_args(Event) if kind is not ItemEvent)


class Channel(NamedTuple):
    """One topic as the document has it."""

    topic: Topic
    kinds: Sequence[Kind]
    """What its records may be."""
    to_us: bool
    """Whether others write it, or Moodstream does."""
    said: str


CHANNELS: Final = (
    Channel(
        EVENTS,
        (*_USERS, BundleChange, PartitionChange),
        True,
        "What users did, felt and were shown, keyed by the user's id.",
    ),
    Channel(ITEMS, (ItemEvent,), True, "The catalogue's changes, keyed by the item's id; the newest of each stays."),
    Channel(ENRICHED, (Enriched,), False, "The events as they were learned, without addresses; at least once each."),
    Channel(DEAD_LETTER, (DeadLetter,), False, "What could not be taken in, with its bytes, reason and origin."),
    Channel(ALARMS, (Alarm,), False, "What has moved in the stream; at least once each, with the same id."),
)


def document() -> Schema:
    """The document: what a producer sends Moodstream receives, and what it says itself it sends."""
    kinds = [kind for channel in CHANNELS for kind in channel.kinds]
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    settings = Settings()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Moodstream",
            "version": VERSION,
            "description": "The topics that Moodstream learns from, and what it says. Addresses begin with "
            "MOODSTREAM_NAMESPACE; records are JSON, and their timestamps the broker's append time.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.topic.name: _channel(channel, settings) for channel in CHANNELS},
        "operations": {_operation_name(channel): _operation(channel) for channel in CHANNELS},
        "components": {
            "schemas": {name: _draft_07(component) for name, component in components.items()},
            "messages": {kind.__name__: _message(channel, kind) for channel in CHANNELS for kind in channel.kinds},
        },
    }


def _channel(channel: Channel, settings: Settings) -> Schema:
    config = channel.topic.config()
    topic: Schema = {
        "cleanup.policy": [config["cleanup.policy"]],
        "max.message.bytes": int(config["max.message.bytes"]),
    }
    if "retention.ms" in config:
        topic["retention.ms"] = int(config["retention.ms"])
    return {
        "address": f"{{namespace}}.{channel.topic.name}",
        "description": channel.said,
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in channel.kinds},
        "parameters": {"namespace": {"default": settings.namespace, "description": "MOODSTREAM_NAMESPACE"}},
        "bindings": {
            "kafka": {
                "partitions": settings.partitions,
                "replicas": settings.replication,
                "topicConfiguration": {**topic, "message.timestamp.type": config["message.timestamp.type"]},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation_name(channel: Channel) -> str:
    return f"{'receive' if channel.to_us else 'send'}-{channel.topic.name}"


def _operation(channel: Channel) -> Schema:
    name = channel.topic.name
    return {
        "action": "receive" if channel.to_us else "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{kind.__name__}"} for kind in channel.kinds],
    }


def _message(channel: Channel, kind: Kind) -> Schema:
    key = msgspec.json.schema(Id) if channel.topic.keyed_by.endswith("_id") else {"type": "string"}
    return {
        "name": kind.__name__,
        "summary": (kind.__doc__ or "").partition("\n")[0],
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "bindings": {"kafka": {"key": {**key, "description": channel.topic.keyed_by}, "bindingVersion": "0.5.0"}},
        "examples": [{"payload": EXAMPLES[kind]}],
    }


def _draft_07(schema: Any) -> Any:
    """The same as AsyncAPI's own schemas say it: a list of fixed places is `items`, not `prefixItems`."""
    if isinstance(schema, Mapping):
        return {"items" if name == "prefixItems" else name: _draft_07(value) for name, value in schema.items()}
    return [_draft_07(one) for one in schema] if isinstance(schema, list) else schema
