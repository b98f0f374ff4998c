"""What is left to be ranked of what the sources found."""

import numpy as np

from online.answer.filters import foremost


def test_of_each_source_the_first_that_are_left_are_ranked() -> None:
    found = {"a": np.array([5, 1, 2, 3], np.int32), "b": np.array([4, 3], np.int32)}
    left = np.array([1, 2, 3, 4], np.int32)  # 5 was seen
    assert foremost(left, found, 1, 6).tolist() == [1, 4]
    assert foremost(left, found, 2, 6).tolist() == [1, 2, 3, 4]
