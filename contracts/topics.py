"""The topics, from which they are created: partitions, retention and timestamps stand here and nowhere else."""

from typing import Final, NamedTuple

from contracts.events import Event, ItemEvent

DAY_MS: Final = 24 * 3600 * 1000


class Topic(NamedTuple):
    """One topic; its full name is `<namespace>.<name>`."""

    name: str
    keyed_by: str
    retention_ms: int
    compact: bool = False
    """Keep the newest record of each key for ever (`retention_ms` is not used)."""

    def full_name(self, namespace: str) -> str:
        return f"{namespace}.{self.name}"

    def config(self) -> dict[str, str]:
        """The broker's topic configuration: append time, so that `--from/--to` mean arrival."""
        config = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": "1048576"}
        if self.compact:
            return {**config, "cleanup.policy": "compact"}
        return {**config, "cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


EVENTS: Final = Topic("events", "user_id", 30 * DAY_MS)
"""Raw events of users; the IP address lives only here and in dead letters, for this retention."""
ENRICHED: Final = Topic("enriched", "user_id", 7 * DAY_MS)
ITEMS: Final = Topic("items", "item_id", -1, compact=True)
DEAD_LETTER: Final = Topic("dead-letter", "origin", 90 * DAY_MS)
ALARMS: Final = Topic("alarms", "alarm_id", 90 * DAY_MS)
"""What has moved in the stream, at least once each, by `contracts.alarms`."""
TOPICS: Final = (EVENTS, ENRICHED, ITEMS, DEAD_LETTER, ALARMS)


def topic_of(event: Event) -> Topic:
    """Where a producer's event belongs."""
    return ITEMS if isinstance(event, ItemEvent) else EVENTS
