"""Content alone gives an item a vector and a mood."""

import numpy as np
import pytest

from contracts.moods import MOODS, mood_of
from model.affect import affect, affects, agreement, feeling_of
from model.index import NO_ITEM, UNKNOWN, ItemIndex
from model.items import BUCKETS, Item, content_vector, content_vectors, hashed
from model.scoring import log_softmax, scores, top

PROJECTION = np.random.default_rng(0).normal(0, 1, (BUCKETS, 8)).astype(np.float32)


def test_equal_content_has_equal_vectors_whatever_the_id() -> None:
    one, other = (Item(item_id, "Some Film (1999)", ("Comedy",)) for item_id in ("a", "b"))
    np.testing.assert_array_equal(content_vector(PROJECTION, one), content_vector(PROJECTION, other))


def test_hashed_content_is_the_same_in_every_process() -> None:
    buckets, values = hashed(Item("a", "Space (1999)", ("Comedy",)))
    assert sorted(buckets.tolist()) == [1197, 1926, 2642, 3130]
    assert np.isclose((values**2).sum(), 1)


def test_an_item_without_content_is_at_zero() -> None:
    assert not content_vector(PROJECTION, Item("a")).any()
    assert content_vectors(PROJECTION, []).shape == (0, 8)


@pytest.mark.parametrize(
    ("categories", "pleasant", "awake"), [("comedy", 1, 1), ("horror", -1, 1), ("romance", 1, 1), ("tragedy", -1, -1)]
)
def test_words_of_feeling_place_an_item(categories: str, pleasant: int, awake: int) -> None:
    valence, arousal = affect(Item("a", categories=(categories,)))
    assert np.sign(valence) == pleasant
    assert np.sign(arousal) == awake


def test_the_catalogues_own_mood_comes_first() -> None:
    sad = MOODS[mood_of("sad") or 0]
    assert affect(Item("a", "Funny Joy", ("comedy",), mood="😢")) == (sad.valence, sad.arousal)


def test_an_item_that_says_nothing_of_feelings_is_neutral_and_agrees_with_no_mood() -> None:
    neutral = affects([Item("a", "Xyzzy"), Item("b", categories=("comedy",))])
    assert neutral[0].tolist() == [0, 0]
    happy, sad = mood_of("happy") or 0, mood_of("sad") or 0
    assert agreement(neutral, happy)[0] == 0
    assert agreement(neutral, happy)[1] > 0.8 > 0 > agreement(neutral, sad)[1]
    assert not agreement(neutral, 0).any()


@pytest.mark.parametrize(("word", "stem"), [("murders", "murder"), ("loved", "love"), ("tragedies", "tragedy")])
def test_a_words_endings_do_not_hide_it(word: str, stem: str) -> None:
    assert feeling_of(word) == feeling_of(stem) is not None


def test_the_index_knows_its_own_and_calls_the_rest_unknown() -> None:
    index = ItemIndex(["x", "y"])
    assert len(index) == 4
    assert index.rows(["y", "z", "x"]).tolist() == [3, UNKNOWN, 2]
    assert index.item_id(3) == "y"
    assert "x" in index
    for row in (UNKNOWN, NO_ITEM):
        with pytest.raises(IndexError):
            index.item_id(row)
    with pytest.raises(ValueError, match="more than once"):
        ItemIndex(["x", "x"])


def test_top_is_the_stable_order_of_scores() -> None:
    values = np.array([1, 3, 3, 2, 0], np.float32)
    assert top(values, 3).tolist() == [1, 2, 3]
    assert top(values, 9).tolist() == [1, 2, 3, 0, 4]
    assert top(values, 0).tolist() == []


def test_scores_become_probabilities() -> None:
    found = log_softmax(scores(np.ones((2, 3), np.float32), np.eye(3, dtype=np.float32), np.zeros(3, np.float32)))
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-6)
