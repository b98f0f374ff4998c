"""Clicks of many users, numbered."""

from itertools import count

from contracts.events import Event, Interaction

_ids = count()


def clicks_of(users: int, n: int) -> list[Event]:
    """So many clicks, in turns."""
    return [
        Interaction(
            event_id=f"e{next(_ids)}", time=1_700_000_000_000 + at, user_id=f"u{at % users}", item_id=f"i{at % 7}"
        )
        for at in range(n)
    ]
