"""What items share, and what a user's own items say of it."""

import numpy as np

from model.index import FIRST, UNKNOWN
from model.items import Item
from model.traits import GROUPS, Traits, traits

ITEMS = [
    Item("a", "Alien Night (1979)", ("Horror",)),
    Item("b", "Alien Day (1986)", ("Horror", "Action")),
    Item("c", "Love Story (1970)", ("Drama",)),
    Item("d", "Another Love (1971)", ("Drama", "Action")),
    Item("e"),
]
POPULARITY = np.log1p(np.array([0, 0, 4, 4, 4, 4, 4], np.float32))
ALL = np.arange(FIRST, FIRST + len(ITEMS), dtype=np.int32)


def lifts(of: Traits, own: list[int], rows: list[int]) -> dict[str, list[float]]:
    found = of.lifts(np.array(own, np.int32), np.array(rows, np.int32))
    return dict(zip(GROUPS, (one.tolist() for one in found), strict=True))


def test_what_has_the_traits_of_the_users_items_is_lifted() -> None:
    found = lifts(traits(ITEMS, POPULARITY), [FIRST], ALL.tolist())
    a, b, c, d, e = found["categories"]
    assert a > 0 > c
    assert a > b > d
    assert e == 0
    assert found["words"][1] > 0
    assert found["words"][2:] == [0, 0, 0]
    assert found["periods"][2] > found["periods"][1]  # of the same decade


def test_a_rare_trait_says_more_than_a_usual_one() -> None:
    many = [Item(str(number), categories=("usual", "rare") if number < 2 else ("usual",)) for number in range(20)]
    found = lifts(traits(many, np.zeros(22, np.float32)), [FIRST], [FIRST + 1, FIRST + 5])
    assert found["categories"][0] > 0.1 > abs(found["categories"][1])


def test_without_own_items_or_traits_nothing_is_said() -> None:
    of = traits(ITEMS, POPULARITY)
    assert not any(np.any(one) for one in of.lifts(np.zeros(0, np.int32), ALL))
    untold = np.array([UNKNOWN, FIRST + 4], np.int32)
    assert not any(np.any(one) for one in of.lifts(ALL, untold))


def test_a_changed_item_has_its_new_traits_and_an_added_one_its_own() -> None:
    before = traits(ITEMS, POPULARITY)
    after = before.changed({FIRST + 4: ITEMS[2]}, [ITEMS[0]])
    assert np.array_equal(after.numbers[FIRST + 4], before.numbers[FIRST + 2])
    assert np.array_equal(after.numbers[-1], before.numbers[FIRST])
    assert len(before.numbers) == len(ITEMS) + FIRST
    assert not before.numbers[FIRST + 4].any()
