"""The error tree: `retriable` on the class decides between another try and the dead-letter topic."""

from typing import ClassVar


class MoodstreamError(Exception):
    """Every error that Moodstream raises on purpose; its text is one line that says the way out."""

    retriable: ClassVar[bool] = False


class Misconfigured(MoodstreamError):
    """A setting, a server's option or the machine is not fit to start with."""


class InvalidEvent(MoodstreamError):
    """The bytes are not an event: not JSON, a missing field, a wrong type or a value out of range."""


class UnknownSchemaVersion(InvalidEvent):
    """The event was written by a newer producer than this code can read."""


class BundleRejected(MoodstreamError):
    """A bundle is incomplete, damaged, or made for another schema."""


class StateUnreadable(MoodstreamError):
    """A stored state is damaged, or was written by newer code."""


class StateTooNew(StateUnreadable):
    """A stored state was written by newer code: the worker waits until it's upgraded, or another takes over."""

    retriable = True


class Unavailable(MoodstreamError):
    """A server that is needed does not answer; the same call may succeed later."""

    retriable = True


class StoreUnavailable(Unavailable):
    """Redis does not answer in time."""


class KafkaUnavailable(Unavailable):
    """Kafka does not acknowledge in time."""


class SourceUnavailable(Unavailable):
    """A source of events (Kinesis, or the table of its leases) doesn't answer, or refuses for now."""


class SourceThrottled(SourceUnavailable):
    """A source says that it's asked too often."""


class BundleUnavailable(Unavailable):
    """A bundle that states are on can't be loaded at the moment."""


class LogWentBack(MoodstreamError):
    """A topic gives what comes before what was read: it was made again, or Kafka lost what it had acknowledged."""

    retriable = True


class Fenced(MoodstreamError):
    """The store refused a write: another worker has moved this shard's watermark since it was read."""

    retriable = True


class EpochEnded(MoodstreamError):
    """A partition has come to where the topic got more of them: it goes on once all of them are there."""

    retriable = True


class LeaseLost(MoodstreamError):
    """Another adapter has this shard of a source now, or may have: who held it reads and checkpoints no more."""

    retriable = True


class IteratorExpired(MoodstreamError):
    """A place of reading in a source's shard was kept for too long: ask for a new one."""

    retriable = True


class SourceGone(MoodstreamError):
    """What a source was asked for isn't there: a shard, the stream itself, the table of its leases."""
