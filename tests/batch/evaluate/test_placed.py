"""Whatever is in doubt counts against us."""

import msgspec
import numpy as np

from batch.evaluate.placed import MISS, by_row, by_scores, in_answer, in_list
from online.answer.answered import Recommendations


def served(*scores: float) -> Recommendations:
    items = [{"item_id": f"i{place}", "score": score, "sources": []} for place, score in enumerate(scores)]
    return msgspec.convert({"request_id": "", "bundle": "", "user_id": "u", "page": 1, "items": items}, Recommendations)


def test_an_answer_ranks_as_it_was_served_and_equal_scores_come_before() -> None:
    assert in_answer(served(1, 3, 2), "i2").rank == 2
    assert in_answer(served(2, 3, 2, 2), "i0").rank == 2
    assert in_answer(served(1, 2), "i7") == (MISS, ["i0", "i1"])
    assert len(in_answer(served(*range(21)), "i0").top) == 10


def test_lists_and_scores_rank_the_same_way() -> None:
    assert in_list(["a", "b"], "b").rank == 1
    assert in_list(["a"], "b").rank == MISS
    assert by_scores(["a", "b", "c"], np.array([3.0, 2, 2]), "b").rank == 2
    assert by_scores([], np.zeros(0), "b").rank == MISS


def test_rows_that_are_left_out_or_unknown_are_misses() -> None:
    scores = np.array([1.0, -np.inf, 5, np.nan, 1])
    ids = list("abcde")
    assert by_row(scores, 2, ids) == (0, ["c", "a", "e"])
    assert by_row(scores, 0, ids).rank == by_row(scores, 4, ids).rank == 2
    assert {by_row(scores, row, ids).rank for row in (1, 3, 5)} == {MISS}
