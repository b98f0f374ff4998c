"""The system to beat ranks as one would by hand."""

import asyncio
from collections.abc import Awaitable, Sequence

from batch.popularity import Popularity
from contracts.events import Interaction


def event(number: int, user: str, item: str) -> Interaction:
    return Interaction(event_id=f"e{number}", time=1000 * number, user_id=user, item_id=item)


def test_popularity_ranks_by_hand_and_ties_count_against_it() -> None:
    taken = ("a", "a", "b", "c")
    popularity = Popularity([event(number, f"u{number}", item) for number, item in enumerate(taken)], list("abcd"))
    asked = [popularity.rank(event(9, "new", item)) for item in "acd"]
    assert asyncio.run(_all(asked)) == [0, 1, 3]  # c is newer than b, so it's worth a little more
    assert asyncio.run(popularity.rank(event(9, "u0", "d"))) == 2  # u0 has had a
    assert asyncio.run(popularity.rank(event(9, "new", "e"))) == 4  # as unknown as d, and after it


async def _all(ranks: Sequence[Awaitable[int]]) -> list[int]:
    return [await rank for rank in ranks]
