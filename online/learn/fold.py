"""One user's events folded into their history: duplicates, aliases and erasure included; a pure function of the log."""

from typing import Any, Final, Literal

import msgspec
import numpy as np

from contracts.errors import InvalidEvent
from contracts.events import MAX_FORWARDS, Alias, Context, Erase, Impression, Interaction, MoodEvent, UserEvent
from contracts.kinds import MOOD_KIND, ORDER
from contracts.moods import LABELS, mood_of
from online.learn.enrich import Enriched
from online.learn.foretold import is_asked
from online.learn.impressions import close, show, take
from online.learn.quality import Followed, followed
from online.store.history import History
from online.store.impressions import Impressions
from online.store.protocol import UserRecord
from online.store.recent import RecentIds
from online.store.seen import SeenFilter
from online.store.state import Entry, UserState, forwarded_id, id_hash

Outcome = Literal["applied", "duplicate", "forwarded", "noted"]
_ROWS: Final = {label: row for row, label in enumerate(LABELS)}


class Working:
    """One user being worked on: the record as read, what was folded in since, and what the encoder has yet to step."""

    def __init__(
        self, user_id: str, record: UserRecord | None, bundle: str, incarnation: str, turn: int | None = None
    ) -> None:
        """`turn` is the shard's; None leaves a state of an earlier turn of the same bundle as it is, as serving does.

        Raises `StateTooNew`, `StateUnreadable`.
        """
        state, self.history, self.seen = record.unpack() if record else (UserState(), History(), SeenFilter())
        self.shown = record.impressions() if record else Impressions()
        """What became of what the user was shown; `online.learn.impressions` reads it."""
        if state.incarnation != incarnation:  # the topic was made again: old offsets say nothing any more
            state = msgspec.structs.replace(state, offset=-1, foretold=())
            self.history = History(msgspec.structs.replace(entry, offset=-1) for entry in self.history)
            self.shown.outcomes = []
        self.user_id = user_id
        self.bundle = bundle
        turn = state.turn if turn is None else turn
        self.rebuilt = rebuild = (state.bundle, state.turn) != (bundle, turn)
        """The state was another bundle's, so it's made again from the history."""
        self.state = msgspec.structs.replace(state, bundle=bundle, incarnation=incarnation, turn=turn)
        if rebuild:
            nothing = np.zeros(0, np.float32)
            self.state = msgspec.structs.replace(self.state, hidden=nothing, embedding=nothing)
        self.pending: list[Entry] = list(self.history) if rebuild else []
        self.foretold = self.state.foretold
        """How well the last events were foretold; those that are pending are among them once they are stepped."""
        self.asked: list[int] = []
        """Which of `pending` are to be asked how well they were foretold."""
        self.stepped_to: int | None = None if rebuild or not self.history else self.history[-1].time
        """Event time of what `state.hidden` has taken in last; None for the zero state."""
        self.outgoing: list[UserEvent] = []
        """Events to be published to another user, by an alias."""
        self.followed: list[Followed] = []
        """What the user took after something was shown."""
        self._ids = RecentIds(self.history.ids, state.gone)

    def apply(self, event: UserEvent, row: Enriched) -> Outcome:
        """Fold in the user's next event; raises `InvalidEvent` for one that can't be."""
        if not isinstance(event, Impression) and event.event_id in self._ids:
            return "duplicate"
        if isinstance(event, Erase):
            return self._erase(event, row.offset)
        if isinstance(event, Alias):
            return self._alias(event, row.offset)
        if self.state.forward:
            return self._forward(event, self.state.forward)
        if isinstance(event, Impression):
            return "noted" if show(self.shown, event, row) else "duplicate"
        entry = _entry(event, row)
        self._ids.enter(event.event_id)
        self._append(entry)
        self._decide(event, row)
        return "applied"

    def _decide(self, event: "Interaction | MoodEvent", row: Enriched) -> None:
        if not self.shown:
            return
        close(self.shown, row.time, row.offset)
        if isinstance(event, Interaction):
            if row.weight > 0 and (one := followed(self.shown, event.item_id)):
                self.followed.append(one)
            take(self.shown, event.item_id, row)

    def _append(self, entry: Entry) -> None:
        if is_asked(entry):
            self.asked.append(len(self.pending))
        self.history.append(entry)
        self.pending.append(entry)
        if entry.item:
            self.seen.add(entry.item)
        newer = entry.mood and entry.time >= self.state.mood_time
        felt = {"mood": entry.mood, "mood_time": entry.time} if newer else {}
        count, gone = self.state.count + 1, self._ids.gone
        self.state = msgspec.structs.replace(
            self.state, offset=entry.offset, time=entry.time, count=count, erased=False, gone=gone, **felt
        )

    def _forward(self, event: "Interaction | MoodEvent | Impression", known_as: str) -> Outcome:
        if event.forwards >= MAX_FORWARDS:
            raise InvalidEvent(f"aliases lead in a circle: forwarded {event.forwards} times, last to {known_as}")
        self.outgoing.append(msgspec.structs.replace(event, user_id=known_as, forwards=event.forwards + 1))
        return "forwarded"

    def _alias(self, event: Alias, offset: int) -> Outcome:
        if event.known_as == event.user_id:
            raise InvalidEvent("an alias of a user to the same user")
        self.outgoing += [_again(entry, event.known_as) for entry in self.history]
        self._clear(event, UserState(forward=event.known_as), offset)
        return "applied"

    def _erase(self, event: Erase, offset: int) -> Outcome:
        self._clear(event, UserState(erased=True), offset)
        return "applied"

    def _clear(self, event: Alias | Erase, left: UserState, offset: int) -> None:
        """Nothing is left but the hashes of ids, so that what is sent again brings nothing back."""
        self._ids.end(event.event_id)
        kept = {"incarnation": self.state.incarnation, "turn": self.state.turn, "gone": self._ids.gone}
        self.state = msgspec.structs.replace(left, bundle=self.bundle, offset=offset, **kept)
        self.history, self.pending, self.stepped_to, self.seen = History(), [], None, SeenFilter()
        self.asked = []
        self.shown = Impressions(ids=self.shown.ids)


def _entry(event: "Interaction | MoodEvent", row: Enriched) -> Entry:
    mood = _ROWS[row.mood]
    if isinstance(event, Interaction):
        item, kind = event.item_id, ORDER.index(event.kind)
    else:
        item, kind = "", MOOD_KIND
        if mood_of(event.mood) is None:
            raise InvalidEvent(
                f"nobody knows the mood {event.mood!r}; known are {', '.join(LABELS[1:])} and their emoji"
            )
    return Entry(
        row.offset, row.time, id_hash(event.event_id), item, kind, row.value, mood, row.place, row.device, row.columns
    )


def _again(entry: Entry, known_as: str) -> "Interaction | MoodEvent":
    """The event that this entry came from, for the known user, with an id that stands for the first one."""
    named = dict(column.split("=", 1) for column in entry.columns if "=" in column)
    where = Context(
        session=named.pop("session", None),
        place=entry.place or None,
        device=entry.device or None,
        mood=LABELS[entry.mood] or None,
        extra={**named},
    )
    common: dict[str, Any] = {
        "event_id": forwarded_id(entry.id_hash),
        "time": entry.time,
        "user_id": known_as,
        "context": where,
        "forwards": 1,
    }
    if entry.item:
        return Interaction(**common, item_id=entry.item, kind=ORDER[entry.kind], value=entry.value)
    return MoodEvent(**common, mood=LABELS[entry.mood])
