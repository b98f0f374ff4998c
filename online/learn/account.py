"""What became of what was learned: counted when it's written, and told to the log, never whose it was."""

import logging
from collections import Counter as Tally
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from contracts.events import UserEvent
from online.learn.batch import Batch
from online.learn.enrich import Enriched
from online.learn.intake import Taken
from online.learn.kept import CONTROL
from online.learn.outgoing import Raw
from online.learn.quality import Quality

if TYPE_CHECKING:  # it loads river
    from online.learn.watched import Watched

log: Final = logging.getLogger("moodstream.learn")
REFUSED: Final = "refused"
UNREAD: Final = "unread"
"""The kind of what is no event, or was passed on without a look at it."""
_TOLD: Final = 5
"""Dead letters of one batch that the log tells of one by one."""


class Account:
    """Since the process began; what is learned again after a failure counts once."""

    def __init__(self) -> None:
        self.events: Tally[tuple[str, str]] = Tally()
        """By kind and outcome."""
        self.letters: Tally[str] = Tally()
        """What was set aside, by error."""
        self.quality = Quality()

    def learned(
        self, taken: Taken, batch: Batch, rows: Sequence[Enriched], outcomes: Sequence[str], watched: "Watched | None"
    ) -> None:
        """A batch is written."""
        self.events.update(zip([row.kind or row.type for row in rows], outcomes, strict=True))
        if watched is not None:
            self.quality.outcome(batch.outcomes, watched.losses)
        for user_id in batch.touched:
            self.quality.follow(batch.users[user_id].followed)
        if log.isEnabledFor(logging.DEBUG):
            for (raw, _), outcome in zip(taken.placed, outcomes, strict=True):
                log.debug("%s: partition %d offset %d", outcome, raw.partition, raw.offset, extra=_request(raw))

    def bundle_changed(self, *, again: bool) -> None:
        """A control record is written."""
        self.events[CONTROL, "redelivered" if again else "applied"] += 1

    def sent(self, misplaced: int, refused: int) -> None:
        """So many records were passed on, and so many are no events."""
        self.events[UNREAD, "misplaced"] += misplaced
        self.events[UNREAD, REFUSED] += refused

    def crashed(self, event: UserEvent) -> None:
        """Our code fell over this event."""
        kind: str = getattr(event, "kind", "") or str(event.__struct_config__.tag)
        self.events[kind, REFUSED] += 1

    def set_aside(self, refused: Sequence[tuple[Raw, Exception]]) -> None:
        """These records go to the dead-letter topic."""
        self.letters.update(type(error).__name__ for _, error in refused)
        for raw, error in refused[:_TOLD]:
            where = (raw.topic.name, raw.partition, raw.offset)
            told = "set aside as a dead letter, which says why: %s, %s partition %d offset %d"
            log.warning(told, type(error).__name__, *where, extra=_request(raw))
        if len(refused) > _TOLD:
            log.warning("and %d more of the same batch", len(refused) - _TOLD)


def _request(raw: Raw) -> dict[str, str]:
    return {"request_id": raw.request}
