"""What is measured, by the book: DESIGN.md, "Measuring quality", in one sentence that stands in every report."""

from typing import Final

import msgspec

from batch.plan import Repeats

TRAINED: Final = 0.8
MOST_OF_A_USER: Final = 400
_AMONG: Final[dict[Repeats, str]] = {
    "never": "rank among all items that the user hasn't had",
    "kept": "rank among all items, those that the user has had too",
    "collapsed": "rank among all items but the one that the user had just before (events on that one aren't scored)",
}


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """What may be chosen of the protocol."""

    repeats: Repeats = "never"
    retrain: str = ""
    """`never`, `every=N` (scored events) or `nightly`; empty: five times, evenly spread. See `schedule`."""
    max_events: int | None = None
    """Ends the replay with its so many-th scored event."""
    seed: int = 0
    """Of the order of equal times and of the intervals."""

    def text(self, retrain: str) -> str:
        """The protocol in one sentence; `retrain` is the schedule in words."""
        return (
            f"the first {TRAINED:.0%} of the events in time train the bundle; the rest is replayed through the code "
            f"that streams and serves, each event recommended for before it is learned, at most {MOST_OF_A_USER} "
            f"events a user; {_AMONG[self.repeats]}, by the order served; what is no candidate, what a filter hides "
            f"and what another item's equal score hides is a miss; equal times shuffled by seed; whole: {retrain}; "
            "intervals: 95%, users drawn again"
        )
