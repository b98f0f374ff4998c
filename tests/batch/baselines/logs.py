"""Small logs for the baselines."""

from contracts.events import Context, Interaction
from contracts.kinds import Kind


def event(number: int, user: str, item: str, kind: Kind = "click", context: Context | None = None) -> Interaction:
    """The event of this number, a second after the one before."""
    return Interaction(
        event_id=f"e{number}", time=1000 * number, user_id=user, item_id=item, kind=kind, context=context
    )


def taken(*users: str, start: int = 0) -> list[Interaction]:
    """One user's events after the other's: `"u abc"` is user u who took a, b and c."""
    pairs = [(user, item) for user, items in (said.split() for said in users) for item in items]
    return [event(start + number, user, item) for number, (user, item) in enumerate(pairs)]
