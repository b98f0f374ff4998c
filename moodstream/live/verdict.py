"""What is printed of a comparison."""

from itertools import zip_longest
from typing import Final

from moodstream.console import say
from moodstream.live.compare import Compared, Difference, Place

LEAST: Final = 0.99
"""Of the requests, that are answered the same: a score's last bits may turn two items that are as good."""


def is_good(found: Compared) -> bool:
    """Whether what is served is what is measured."""
    return found.share >= LEAST


def show(found: Compared) -> None:
    """The share, and the first request that was answered differently, with both lists."""
    for reason, answers in found.degraded.items():
        say(f"{answers} answers said: {reason}")
    if found.differences:
        _show_first(found.differences[0])
    say(
        f"{found.same:,} of {found.asked:,} requests ({found.share:.1%}) got from Kafka, Redis and HTTP the top 10 "
        f"that the replay gave, {found.same_items:,} its items in any order; scores {found.score_gap:.1g} apart"
    )
    say(f"at least {LEAST:.0%} must be the same; bundle {found.bundle}")


def _show_first(first: Difference) -> None:
    say(f"the first difference: request {first.request}, user {first.user_id}, {first.history} events before")
    for number, (served, replayed) in enumerate(zip_longest(first.served, first.replayed), 1):
        say(f"{number:2}  served {_place(served):<36} replayed {_place(replayed)}")


def _place(place: Place | None) -> str:
    return "-" if place is None else f"{place.item_id} {place.score:.6f}"
