"""What the dead-letter topic holds: the raw bytes, why they could not be taken in, and where they came from."""

import hashlib

import msgspec


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """That a letter's event was sent once more, and where it came to lie."""

    digest: str
    """Of the letter's raw bytes: a topic that was made again has other letters of the same origin."""
    event_id: str
    """By which the event is known: however often it is sent, it has one effect."""
    time: int
    """UTC ms."""
    topic: str
    partition: int
    offset: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One record that could not be taken in; known by its origin, so that a second copy is no second letter."""

    raw: bytes
    """As they lay in the topic (base64 in JSON)."""
    reason: str
    error: str
    """The class of `contracts.errors`, or of the exception that the record caused."""
    topic: str
    partition: int
    offset: int
    time: int
    """UTC ms, when it was set aside."""
    schema_version: int | None = None
    retried: Retried | None = None
    """Of the note that `moodstream dead-letters retry` leaves in the topic: this origin's letter was sent once more.
    A note has no raw bytes, so that an address in them stays no longer than its letter."""

    @property
    def origin(self) -> str:
        """The key of the record: the same origin is the same letter."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def digest(self) -> str:
        """Of the raw bytes."""
        return hashlib.blake2b(self.raw, digest_size=16).hexdigest()
