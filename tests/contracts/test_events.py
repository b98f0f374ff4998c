"""Events on the wire: what is encoded is decoded, and anything else is refused with its reason, in one way."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts import events
from contracts.errors import InvalidEvent, UnknownSchemaVersion
from contracts.events import (
    MAX_EVENT_BYTES,
    SCHEMA_VERSION,
    Alias,
    BundleChange,
    Context,
    ControlRecord,
    Erase,
    Impression,
    Interaction,
    ItemEvent,
    MoodEvent,
    PartitionChange,
    Record,
    Shown,
    decode,
    encode,
    json_schema,
    version_of,
)
from contracts.kinds import ORDER
from contracts.rollout import Rollout

PRINTABLE = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"])
IDS = st.text(PRINTABLE, min_size=1, max_size=128)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=256)
FINITE = st.floats(-1e12, 1e12)
CONTEXTS = st.builds(
    Context,
    session=st.none() | WORDS,
    user_agent=st.none() | WORDS,
    ip=st.none() | st.ip_addresses().map(str),
    place=st.none() | WORDS,
    device=st.none() | WORDS,
    mood=st.none() | WORDS,
    request_id=st.none() | WORDS,
    extra=st.dictionaries(WORDS, WORDS | FINITE, max_size=3),
)
COMMON: dict[str, Any] = {
    "event_id": st.text(PRINTABLE, min_size=1, max_size=64),
    "time": st.integers(0, 7_258_118_400_000),
    "context": st.none() | CONTEXTS,
    "forwards": st.integers(0, events.MAX_FORWARDS),
}
SHOWN = st.builds(Shown, IDS, st.integers(0, 1000), FINITE, st.floats(0, 1))
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Interaction,
        **COMMON,
        user_id=IDS,
        item_id=IDS,
        kind=st.sampled_from(ORDER),
        value=st.none() | FINITE,
    ),
    st.builds(MoodEvent, **COMMON, user_id=IDS, mood=st.text(PRINTABLE, min_size=1, max_size=64)),
    st.builds(Impression, **COMMON, user_id=IDS, request_id=WORDS, bundle=WORDS, shown=st.lists(SHOWN, max_size=3)),
    st.builds(
        ItemEvent,
        **COMMON,
        item_id=IDS,
        title=WORDS,
        categories=st.lists(WORDS, max_size=3),
        text=WORDS,
        image=WORDS,
        mood=st.none() | WORDS,
        withdrawn=st.booleans(),
    ),
    st.builds(Alias, **COMMON, user_id=IDS, known_as=IDS),
    st.builds(Erase, **COMMON, user_id=IDS),
    st.builds(
        BundleChange,
        **COMMON,
        rollout=st.builds(Rollout, bundle=WORDS, canary=st.none() | WORDS, share=st.floats(0, 1)),
    ),
    st.builds(PartitionChange, **COMMON, partitions=st.integers(2, 1024)),
)


def click(**fields: Any) -> bytes:
    event = {"type": "interaction", "event_id": "e", "time": 1, "user_id": "u", "item_id": "i", **fields}
    return json.dumps({name: value for name, value in event.items() if value is not ...}).encode()


@given(RECORDS)
def test_every_event_comes_back_as_it_was_sent(event: Record) -> None:
    assert decode(encode(event)) == event


@given(RECORDS)
def test_an_event_is_keyed_by_its_user_or_its_item(event: Record) -> None:
    if isinstance(event, ItemEvent):
        assert event.key == event.item_id
    elif isinstance(event, ControlRecord):
        assert event.key == event.event_id
    else:
        assert event.key == event.user_id


def test_the_smallest_events_are_short_on_the_wire() -> None:
    event = Interaction(event_id="e", time=1, user_id="u", item_id="i")
    assert json.loads(encode(event)) == {
        "type": "interaction",
        "event_id": "e",
        "time": 1,
        "user_id": "u",
        "item_id": "i",
    }


def test_unknown_fields_of_a_newer_minor_producer_are_passed_over() -> None:
    assert decode(click(colour="red")) == decode(click())


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x00" * 64)
@example(b"\xff\xfe{\x00}\x00")
@example(b"\xef\xbb\xbf{}")
@example(b"[" * 60_000)
@example(b'{"type":' * 8_000)
def test_bytes_of_any_kind_are_an_event_or_refused(raw: bytes) -> None:
    with suppress(InvalidEvent):
        decode(raw)


@given(RECORDS, st.data())
def test_a_damaged_event_is_an_event_or_refused(event: Record, data: st.DataObject) -> None:
    raw = bytearray(encode(event))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InvalidEvent):
        decode(bytes(raw))


INTERACTION = b'{"type":"interaction","event_id":"e","time":1,"item_id":"i","user_id":'
HOSTILE = {
    "no JSON": b"click",
    "no object": b"[]",
    "null": b"null",
    "no type": b"{}",
    "unknown type": b'{"type":"zap"}',
    "type of another kind": b'{"type":7}',
    "not UTF-8": INTERACTION + b'"\xff"}',
    "an encoded surrogate": INTERACTION + b'"\xed\xa0\x80"}',
    "half a surrogate pair": INTERACTION + b'"\\ud800"}',
    "surrogates the wrong way round": INTERACTION + b'"\\udc00\\ud800"}',
    "half a pair in the context": INTERACTION + b'"u","context":{"session":"\\ud800"}}',
    "a null character": INTERACTION + b'"a\\u0000b"}',
    "a line break": INTERACTION + b'"a\\nb"}',
    "an empty id": INTERACTION + b'""}',
    "a long id": INTERACTION + b'"' + b"x" * 129 + b'"}',
    "a number as id": INTERACTION + b"7}",
    "NaN": INTERACTION + b'"u","value":NaN}',
    "infinity": INTERACTION + b'"u","value":1e999}',
    "a huge value": INTERACTION + b'"u","value":1e13}',
    "a huge whole number": INTERACTION + b'"u","value":' + b"9" * 400 + b"}",
    "a yes as value": INTERACTION + b'"u","value":true}',
    "an infinite extra": INTERACTION + b'"u","context":{"extra":{"a":-1e999}}}',
    "a nested extra": INTERACTION + b'"u","context":{"extra":{"a":{}}}}',
    "deep nesting": INTERACTION + b'"u","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "deep nesting in the context": INTERACTION + b'"u","context":' + b'{"extra":' * 5_000 + b"1" + b"}" * 5_001,
    "an unknown kind": INTERACTION + b'"u","kind":"zap"}',
    "cut": INTERACTION,
    "two": INTERACTION + b'"u"}{}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_event_is_refused_with_a_reason(what: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        decode(HOSTILE[what])
    assert str(refused.value)
    assert "\n" not in str(refused.value)
    assert not isinstance(refused.value, UnknownSchemaVersion)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time", -1),
        ("time", 7_258_118_400_001),
        ("time", 2**70),
        ("time", 1.5),
        ("time", "1"),
        ("time", None),
        ("time", ...),
        ("event_id", ...),
        ("event_id", "x" * 65),
        ("user_id", ...),
        ("item_id", ...),
        ("forwards", -1),
        ("schema_version", 0),
        ("schema_version", "1"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidEvent, match=field):
        decode(click(**{field: value}))


def test_the_reason_names_the_path() -> None:
    with pytest.raises(InvalidEvent, match=r"\$\.context\.ip"):
        decode(click(context={"ip": "x" * 46}))


def test_an_event_may_not_be_larger_than_stated() -> None:
    room = MAX_EVENT_BYTES - len(click(x=""))
    decode(click(x="x" * room))
    with pytest.raises(InvalidEvent, match="65,537"):
        decode(click(x="x" * (room + 1)))


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 99, 2**63, 10**30])
def test_a_newer_producer_s_event_is_told_apart(version: int) -> None:
    with pytest.raises(UnknownSchemaVersion, match=str(version)):
        decode(click(schema_version=version))
    with pytest.raises(UnknownSchemaVersion):
        decode(click(schema_version=version, type="hologram", kind="zap"))


def test_the_version_is_read_as_far_as_it_can_be() -> None:
    assert version_of(click()) is None
    assert version_of(click(schema_version=7)) == 7
    for raw in (b"", b"[]", b'{"schema_version":"x"}', b"\xff", b"[" * 60_000, HOSTILE["deep nesting"]):
        assert version_of(raw) is None


def test_the_json_schema_has_every_event_that_a_producer_may_send() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    types = {"Interaction", "MoodEvent", "Impression", "ItemEvent", "Alias", "Erase"}
    assert types <= set(schema["$defs"])
    assert not {"BundleChange", "PartitionChange"} & set(schema["$defs"])
    text = json.dumps(schema)
    for reference in {part.split('"')[0] for part in text.split("#/$defs/")[1:]}:
        assert reference in schema["$defs"]
    assert schema["$defs"]["Interaction"]["required"] == ["type", "user_id", "item_id", "event_id", "time"]


def test_an_encoded_event_is_json_that_others_can_read() -> None:
    event = Interaction(event_id="é😀", time=1, user_id="u", item_id="i", value=1e-7)
    assert json.loads(encode(event))["event_id"] == "é😀"
    assert msgspec.json.decode(encode(event))["value"] == 1e-7


@pytest.mark.parametrize(
    "shown", [["i", -1, 0, 1], ["i", 2**70, 0, 1], ["i", 0, 1e13, 1], ["i", 0, 0, 1.5], ["i", 0, 0]]
)
def test_an_impression_shows_items_where_they_can_stand(shown: list[object]) -> None:
    event = {"type": "impression", "event_id": "e", "time": 1, "user_id": "u", "request_id": "r", "bundle": "b"}
    decode(json.dumps({**event, "shown": [["i", 0, 0, 1]]}).encode())
    with pytest.raises(InvalidEvent, match="shown"):
        decode(json.dumps({**event, "shown": [shown]}).encode())
