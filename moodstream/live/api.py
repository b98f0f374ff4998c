"""The running system as a check asks it: through HTTP, and on only when what Kafka then holds is learned."""

import time
from typing import Final

import msgspec

from batch.replay import Logged, UserEvent
from contracts.errors import Unavailable
from contracts.events import Impression, Interaction, MoodEvent
from moodstream.client import Client
from moodstream.live.log import Entry, Log
from online.answer.answered import Recommendations
from online.answer.asked import Ask

_PATIENCE_S: Final = 30.0


class Api:
    """The API, and the log that its events and impressions go into."""

    def __init__(self, client: Client, log: Log) -> None:
        self._client = client
        self._log = log
        self._read: list[Entry] = []
        """What the log has beyond what was learned last."""

    def ask(self, ask: Ask) -> tuple[Recommendations, int]:
        """The answer, and when it was made (UTC ms), as its impression says; raises `Unavailable`."""
        answer = self._client.ask(ask)
        if not answer.items:  # nothing was shown
            return answer, now_ms()
        self._read += self._log.until(answer.request_id)
        return answer, next(one.event.time for one in self._read if one.event.event_id == answer.request_id)

    def take(self, event: UserEvent) -> list[Logged]:
        """Post an event as of now, and wait until it and what was shown before are learned; raises `Unavailable`."""
        (placed,) = self._client.post([msgspec.structs.replace(event, time=now_ms())])
        entries, self._read = [*self._read, *self._log.until(event.event_id)], []
        self._learned(event.user_id, max(one.offset for one in entries if one.partition == placed.partition))
        return [one.event for one in entries if isinstance(one.event, Interaction | MoodEvent | Impression)]

    def _learned(self, user_id: str, offset: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while (at := self._client.profile(user_id).watermark) is None or at.offset < offset:
            if time.monotonic() > deadline:
                raise Unavailable(f"the stream did not learn the event at {offset}: see logs/stream.log")
            time.sleep(0.002)


def now_ms() -> int:
    """The wall clock, UTC ms."""
    return int(time.time() * 1000)
