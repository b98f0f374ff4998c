"""One dead letter as it is known from all copies and notes in the topic."""

from typing import Any

import msgspec

from contracts.dead_letter import DeadLetter, Retried


class Letter(msgspec.Struct, frozen=True):
    """A record that was set aside, and how often it was sent again since."""

    id: str
    """Its origin; followed by `#2`, `#3` … where a topic that was made again had other records at the same place."""
    said: DeadLetter
    retried: tuple[Retried, ...] = ()
    """The oldest first."""

    def fields(self) -> dict[str, Any]:
        """All that is known, for JSON: the event as it lay there too where it is JSON, the raw bytes in base64."""
        said = msgspec.to_builtins(self.said)
        del said["retried"]
        event = self.event()
        return {
            "id": self.id,
            **said,
            "retried": [msgspec.to_builtins(one) for one in self.retried],
            **({} if event is None else {"event": event}),
        }

    def event(self) -> msgspec.Raw | None:
        """The raw bytes on one line, where they are a JSON object."""
        try:
            msgspec.json.decode(self.said.raw, type=dict[str, msgspec.Raw])
            return msgspec.Raw(msgspec.json.format(self.said.raw, indent=-1))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
