"""The events on the wire: JSON with a schema version, decoded and validated in one pass, in API and stream alike."""

from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contracts.errors import InvalidEvent, UnknownSchemaVersion
from contracts.kinds import Kind
from contracts.rollout import Rollout

SCHEMA_VERSION: Final = 1
MAX_EVENT_BYTES: Final = 64 * 1024
MAX_FORWARDS: Final = 8

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
EventId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
TimeMs = Annotated[int, Meta(ge=0, le=7_258_118_400_000, description="UTC milliseconds, from 1970 to 2200")]
Word = Annotated[str, Meta(max_length=256)]
Finite = Annotated[float, Meta(ge=-1e12, le=1e12)]


class Context(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """Where and how the event happened; further columns of your own go into `extra`."""

    session: Word | None = None
    user_agent: Annotated[str, Meta(max_length=1024)] | None = None
    ip: Annotated[str, Meta(max_length=45)] | None = None
    place: Word | None = None
    """Where it is known; else found from the IP address."""
    device: Word | None = None
    """Where it is known; else found from the user agent."""
    mood: Word | None = None
    request_id: Word | None = None
    extra: dict[Word, Word | Finite] = {}


class _Event(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", gc=False):
    key_field: ClassVar[str] = "user_id"

    event_id: EventId
    time: TimeMs
    schema_version: Annotated[int, Meta(ge=1, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    context: Context | None = None
    forwards: Annotated[int, Meta(ge=0, le=MAX_FORWARDS)] = 0
    """How often the mark of an `alias` has sent this event on to another user."""

    @property
    def key(self) -> str:
        """What the record is keyed by, so that a user's (an item's) events keep their order."""
        return str(getattr(self, self.key_field))


class Interaction(_Event, frozen=True, tag="interaction"):
    """A user did something with an item."""

    user_id: Id
    item_id: Id
    kind: Kind = "click"
    value: Finite | None = None
    """Stars for a rating, seconds for a dwell; other kinds have none."""


class MoodEvent(_Event, frozen=True, tag="mood"):
    """A user said how they feel: an emoji or a word of `contracts.moods`."""

    user_id: Id
    mood: Annotated[str, Meta(min_length=1, max_length=64)]


class Shown(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One item of an impression: where it stood, its score, and how likely it was to stand there."""

    item_id: Id
    position: Annotated[int, Meta(ge=0, le=1_000_000)]
    score: Finite
    propensity: Annotated[float, Meta(ge=0, le=1)]


class Impression(_Event, frozen=True, tag="impression"):
    """What was shown to a user by one answer of the API."""

    user_id: Id
    request_id: Word
    bundle: str
    shown: Annotated[list[Shown], Meta(max_length=200)]


class ItemEvent(_Event, frozen=True, tag="item"):
    """The catalogue changed: a new item, other content, or a withdrawal."""

    key_field = "item_id"

    item_id: Id
    title: Annotated[str, Meta(max_length=1024)] = ""
    categories: Annotated[list[Word], Meta(max_length=64)] = []
    text: Annotated[str, Meta(max_length=32_768)] = ""
    image: Annotated[str, Meta(max_length=2048)] = ""
    mood: Word | None = None
    withdrawn: bool = False


class Alias(_Event, frozen=True, tag="alias"):
    """The anonymous user turned out to be a known one."""

    user_id: Id
    known_as: Id


class Erase(_Event, frozen=True, tag="erase"):
    """Forget this user."""

    user_id: Id


class BundleChange(_Event, frozen=True, tag="bundle"):
    """A control record: from this offset on, this partition's users are on another bundle. `publish` writes it."""

    key_field = "event_id"

    rollout: Rollout


class PartitionChange(_Event, frozen=True, tag="partitions"):
    """A control record, the *cut*: what lies behind it is placed by the new number. `topics scale` writes it."""

    key_field = "event_id"

    partitions: Annotated[int, Meta(ge=2)]
    """Of the topic, from here on."""


Event = Interaction | MoodEvent | Impression | ItemEvent | Alias | Erase
"""What a producer may send."""
UserEvent = Interaction | MoodEvent | Impression | Alias | Erase
ControlRecord = BundleChange | PartitionChange
"""What only our own commands write."""
Record = Event | ControlRecord
"""What the topics may hold."""

_decoder: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)
_encoder: Final = msgspec.json.Encoder()


class _Version(msgspec.Struct):
    schema_version: int | UnsetType = UNSET


def decode(raw: bytes) -> Record:
    """The event in these bytes.

    Raises `InvalidEvent` with the reason and the field's path, `UnknownSchemaVersion` for a newer producer's event.
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise InvalidEvent(f"an event may have {MAX_EVENT_BYTES:,} bytes, this one has {len(raw):,}")
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        version = version_of(raw)
        if version is not None and version > SCHEMA_VERSION:
            raise UnknownSchemaVersion(
                f"schema version {version} is newer than {SCHEMA_VERSION}, which this code reads"
            ) from error
        raise InvalidEvent(str(error) or type(error).__name__) from error


def version_of(raw: bytes) -> int | None:
    """The schema version that the bytes claim, where they can be read that far."""
    try:
        version = msgspec.json.decode(raw, type=_Version).schema_version
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None if version is UNSET else version


def encode(event: msgspec.Struct) -> bytes:
    """The event as JSON, defaults left out."""
    return _encoder.encode(event)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of all events a producer may send."""
    (schema,), components = msgspec.json.schema_components([Event], ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": components}
