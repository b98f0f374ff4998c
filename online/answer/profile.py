"""What is known of a user, and how fresh it is."""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from contracts.kinds import MOOD_KIND, ORDER
from contracts.moods import LABELS
from online.answer.answered import Happened, Profile
from online.answer.catalogue import Catalogue
from online.answer.users import Users
from online.store.state import Entry

SHOWN: Final = 50
"""The newest events of the history that are shown."""


class Profiler:
    """Answers what is known of a user."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def profile(self, user_id: str) -> Profile:
        """The user's state, or an empty one where nothing is known or can be read."""
        view, standing = await self._users.find(user_id)
        state = view.state
        return Profile(
            **structs.asdict(standing),
            user_id=user_id,
            known=state.count > 0,
            known_as=view.user.user_id if view.user.user_id != user_id else "",
            erased=state.erased,
            events=state.count,
            seen=view.user.seen.count,
            last_event=state.time if state.count else None,
            mood=LABELS[state.mood],
            mood_time=state.mood_time if state.mood else None,
            embedding=state.embedding.tolist(),
            history=_history(view.user.history, view.catalogue),
        )


def _history(history: Sequence[Entry], catalogue: Catalogue) -> list[Happened]:
    return [
        Happened(
            offset=entry.offset,
            time=entry.time,
            kind="mood" if entry.kind == MOOD_KIND else ORDER[entry.kind],
            item_id=entry.item,
            title=catalogue.item(entry.item).title if entry.item else "",
            value=entry.value,
            weight=entry.weight,
            mood=LABELS[entry.mood],
            place=entry.place,
            device=entry.device,
        )
        for entry in reversed(history[-SHOWN:])
    ]
