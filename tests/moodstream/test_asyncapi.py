"""The AsyncAPI document is one by its specification, tells of every topic, and its examples are what the code reads."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from typer.testing import CliRunner

from contracts import events
from contracts.events import ControlRecord
from contracts.topics import TOPICS
from moodstream.asyncapi import CHANNELS, Schema, document
from moodstream.cli import app

SPECIFICATION = jsonschema_rs.validator_for(json.loads(Path(__file__).with_name("asyncapi-3.0.0.json").read_text()))
DOCUMENT: Schema = json.loads(json.dumps(document()))
MESSAGES = DOCUMENT["components"]["messages"]


def test_it_is_what_the_specification_says() -> None:
    assert [error.message for error in SPECIFICATION.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("operations", "receive-events", "action"), "eat"),
        (("channels", "events", "bindings", "kafka", "partitions"), 0),
        (("channels", "alarms", "address"), 5),
        (("components", "schemas", "Alarm", "type"), "alarm"),
        (("info",), {}),
    ],
)
def test_what_the_specification_refuses_is_found(path: tuple[str, ...], wrong: object) -> None:
    broken = part = json.loads(json.dumps(DOCUMENT))
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = wrong
    assert not SPECIFICATION.is_valid(broken)


def test_every_topic_is_told_of_with_its_retention() -> None:
    assert set(DOCUMENT["channels"]) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        told = DOCUMENT["channels"][topic.name]["bindings"]["kafka"]["topicConfiguration"]
        assert told["cleanup.policy"] == [topic.config()["cleanup.policy"]]
        assert topic.compact or told["retention.ms"] == topic.retention_ms


@pytest.mark.parametrize("kind", [kind for channel in CHANNELS for kind in channel.kinds])
def test_an_example_is_what_its_schema_says_and_what_the_code_reads(kind: type[msgspec.Struct]) -> None:
    example = MESSAGES[kind.__name__]["examples"][0]["payload"]
    assert isinstance(msgspec.json.decode(json.dumps(example), type=kind), kind)
    schema = {**DOCUMENT["components"]["schemas"][kind.__name__], "components": DOCUMENT["components"]}
    reader = jsonschema_rs.Draft7Validator(schema)
    assert [error.message for error in reader.iter_errors(example)] == []
    assert not reader.is_valid({**example, "time": "noon"})


@pytest.mark.parametrize("channel", [one for one in CHANNELS if one.to_us])
def test_what_others_send_is_read_by_the_one_decoder(channel: Any) -> None:
    for kind in channel.kinds:
        read = events.decode(json.dumps(MESSAGES[kind.__name__]["examples"][0]["payload"]).encode())
        assert type(read) is kind
        assert isinstance(read, ControlRecord) or read.key_field == channel.topic.keyed_by


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        part: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_the_command_line_prints_it() -> None:
    assert json.loads(CliRunner().invoke(app, ["events", "schema", "--asyncapi"]).stdout) == DOCUMENT
    assert "Interaction" in json.loads(CliRunner().invoke(app, ["events", "schema"]).stdout)["$defs"]


def references(part: Schema | list[Any] | object) -> list[str]:
    if isinstance(part, dict):
        return [value for name, value in part.items() if name == "$ref"] + [
            one for value in part.values() for one in references(value)
        ]
    return [one for value in part for one in references(value)] if isinstance(part, list) else []
