"""Where a user stands on the map, after the last event that is known of them."""

from msgspec import structs

from contracts.moods import LABELS
from online.answer.answered import Whereabouts
from online.answer.atlas import Atlases
from online.answer.library import Library
from online.answer.users import Users


class Locator:
    """Answers where users are."""

    def __init__(self, users: Users, library: Library, atlases: Atlases) -> None:
        self._users = users
        self._library = library
        self._atlases = atlases

    async def find(self, user_id: str, token: str) -> Whereabouts:
        """By the user's own state, with the token's events folded in as an answer folds them."""
        view, standing = await self._users.find(user_id, token)
        state, current = view.state, self._library.current.version
        drawn = self._atlases.of(current)
        if standing.bundle != current:
            drawn = None
            standing.degraded.append(
                f"map: it is of {current or 'no bundle'}, and the user is on {standing.bundle} yet"
            )
        return Whereabouts(
            **structs.asdict(standing),
            user_id=user_id,
            place=drawn.place(state.embedding) if drawn and state.count and len(state.embedding) else None,
            events=state.count,
            mood=LABELS[state.mood],
            folded=view.folded,
        )
