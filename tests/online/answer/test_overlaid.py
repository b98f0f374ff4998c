"""What is laid over a large bundle is there, the rest is the bundle's, and nothing of the bundle is written to."""

import numpy as np
import pytest

from model.items import Item
from online.answer.overlaid import Items, Vectors, cosines, units

BASE = np.arange(20, dtype=np.float32).reshape(5, 4)
OWN = -np.ones((4, 4), np.float32) * np.arange(1, 5, dtype=np.float32)[:, None]
VECTORS = Vectors(BASE, [0, 3], OWN)


def test_changed_and_added_rows_are_found_beside_the_others() -> None:
    wanted = np.concatenate([OWN[:1], BASE[1:3], OWN[1:2], BASE[4:], OWN[2:]])
    assert VECTORS.shape == wanted.shape
    np.testing.assert_array_equal(np.asarray(VECTORS), wanted)
    for rows in ([6, 0, 0, 2], [1, 2], [5], []):
        np.testing.assert_array_equal(VECTORS[np.array(rows, np.int32)], wanted[rows])
    np.testing.assert_array_equal(BASE, np.arange(20, dtype=np.float32).reshape(5, 4))


def test_the_same_rows_again_are_not_gathered_again_but_others_are() -> None:
    rows = np.array([1, 3], np.int32)
    first = VECTORS[rows]
    assert VECTORS[rows] is first
    np.testing.assert_array_equal(VECTORS[rows[::-1]], first[::-1])
    np.testing.assert_array_equal(VECTORS[rows], first)


def test_items_that_changed_or_were_added_stand_in_their_places() -> None:
    a, b, c, other, new = (Item(name) for name in ("a", "b", "c", "other", "new"))
    items = Items((a, b, c), {1: other}, (new,))
    assert list(items) == [a, other, c, new]
    assert len(items) == 4
    assert items[-1] is new
    assert items[1:3] == (other, c)
    with pytest.raises(IndexError):
        items[4]


def test_cosines_are_products_of_vectors_of_unit_length() -> None:
    vectors = np.random.default_rng(0).normal(0, 1, (10, 4)).astype(np.float32)
    vectors[3] = 0
    (direction,) = units(vectors[:1])
    np.testing.assert_allclose(cosines(vectors, direction), units(vectors) @ direction, atol=1e-6)
    assert cosines(vectors, direction)[3] == 0
