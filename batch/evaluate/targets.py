"""Which events of a log are foretold: wanted, not had before unless repeats are ranked, and so many of a user."""

from collections import defaultdict
from typing import TypeGuard

from batch.evaluate.protocol import MOST_OF_A_USER
from batch.plan import Repeats
from batch.replay import Logged, is_target
from contracts.events import Interaction


class Targets:
    """Goes along a log: each event is first asked about, or not, and then entered."""

    def __init__(self, repeats: Repeats, most_of_a_user: int = MOST_OF_A_USER, every: int = 1) -> None:
        """`every`: of those that are wanted only each so many-th is."""
        self.repeats = repeats
        self.previous: dict[str, str] = {}
        """User → item of their latest interaction."""
        self._most = most_of_a_user
        self._every = every
        self._had: defaultdict[str, set[str]] = defaultdict(set)
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._wanted = 0

    def wants(self, event: Logged) -> TypeGuard[Interaction]:
        """Whether this event, the next one, is foretold; counts it."""
        if not is_target(event) or self._asked[event.user_id] >= self._most or not self._is_open(event):
            return False
        self._wanted += 1
        if (self._wanted - 1) % self._every:
            return False
        self._asked[event.user_id] += 1
        return True

    def enter(self, event: Logged) -> None:
        """Remember what its user has had."""
        if isinstance(event, Interaction):
            self._had[event.user_id].add(event.item_id)
            self.previous[event.user_id] = event.item_id

    def _is_open(self, event: Interaction) -> bool:
        """What a user has had can't be recommended unless repeats are, so it isn't asked for."""
        if self.repeats == "never":
            return event.item_id not in self._had[event.user_id]
        return self.repeats == "kept" or event.item_id != self.previous.get(event.user_id)
