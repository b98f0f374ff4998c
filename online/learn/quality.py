"""How good the answers are by what followed them, as far as this worker's own log says: sums, counted by batch.

Of the impressions that the API recorded and the events that came after them; nothing is asked of the model for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log2
from typing import Final, NamedTuple

from online.store.impressions import UNDECIDED, Impressions, Outcomes

FIRST: Final = 10
"""The places that HR@10 and NDCG@10 are about."""


class Followed(NamedTuple):
    """A user who had been shown something took an item: where it stood on the newest page that had it."""

    place: int | None
    """From 0; None where no page of the last half hour had it."""


def followed(shown: Impressions, item: str) -> Followed | None:
    """What taking this item says of the pages whose window isn't over; None without any, and for what was taken before.

    To be asked before `impressions.take` settles them.
    """
    for page in reversed(shown.pages):
        if item in page.items:
            at = page.items.index(item)
            return Followed(page.positions[at]) if page.fates[at] == UNDECIDED else None
    return Followed(None) if shown.pages else None


class Quality:
    """Sums since the process began."""

    def __init__(self) -> None:
        self.outcomes: dict[bool, int] = {True: 0, False: 0}
        """Showings whose outcome is known: taken within the window, or not."""
        self.stated = 0.0
        """The probabilities that the calibrator gave the showings of `judged`, before it learned them, added up."""
        self.losses = 0.0
        """Their log-losses."""
        self.judged: dict[bool, int] = {True: 0, False: 0}
        """Showings that a calibrator judged which had learned enough, by what became of them."""
        self.asked = 0
        """Items taken by users who had been shown something."""
        self.hits = 0
        """Those that stood among the first ten."""
        self.gain = 0.0
        """Each one's 1 / log2(2 + place) where it stood among the first ten, added up."""

    def outcome(self, outcomes: Iterable[Outcomes], losses: Mapping[int, Sequence[float]]) -> None:
        """What became of showings; `losses` by the offset of the event that decided them, as `calibrator` has them."""
        for found in outcomes:
            taken = sum(found.taken)
            self.outcomes[True] += taken
            self.outcomes[False] += len(found.taken) - taken
            for was_taken, loss in zip(found.taken, losses.get(found.offset, ()), strict=False):
                self.judged[was_taken] += 1
                self.losses += loss
                self.stated += exp(-loss) if was_taken else 1 - exp(-loss)

    def follow(self, followed: Iterable[Followed]) -> None:
        """What was taken after something was shown."""
        for one in followed:
            self.asked += 1
            if one.place is not None and one.place < FIRST:
                self.hits += 1
                self.gain += 1 / log2(2 + one.place)
