"""What the topic of alarms holds: that something in the stream is no longer as it was, since when, and how much."""

import msgspec


class Alarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One signal of one partition has moved. Sent at least once, each time with the same id. Times are UTC ms."""

    alarm_id: str
    time: int
    """Arrival of the event that ended the block in which it was seen."""
    partition: int
    offset: int
    """Of that event."""
    signal: str
    """As `online.learn.drift.signals` names it."""
    segment: str = ""
    """The part of the events that it was seen in, such as `new` or `mobile`; empty for all of them."""
    detector: str
    before: float
    after: float
    since: int
    """Arrival of the first event of the blocks that differ most from those before them."""
    examples: list[str] = []
    """Ids of events that show it."""
    moved: dict[str, tuple[float, float]] = {}
    """Of a mix: the parts whose shares changed most, each with its share before and after."""

    @property
    def about(self) -> str:
        """The signal with its segment."""
        return f"{self.signal}/{self.segment}" if self.segment else self.signal
