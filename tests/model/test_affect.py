"""The lexicon tells moods apart: for each there are items that fit it, and words that people use for it are known."""

import pytest

from contracts.moods import LABELS, MOODS, mood_of
from model.affect import LEXICON, affects, agreement
from model.items import Item


@pytest.mark.parametrize(
    ("mood", "fitting", "other"),
    [
        ("😢", "tragedy", "comedy"),
        ("😊", "comedy", "war"),
        ("😡", "revenge", "family"),
        ("😌", "nature", "action"),
        ("😌", "documentary", "adventure"),
        ("😌", "children", "thriller"),
        ("😴", "sleepy", "excitement thriller"),
        ("😱", "horror", "romance"),
        ("😘", "romance", "crime"),
    ],
)
def test_what_fits_a_mood_agrees_with_it_and_its_opposite_does_not(mood: str, fitting: str, other: str) -> None:
    felt = affects([Item("a", categories=(fitting,)), Item("b", categories=(other,))])
    one, two = agreement(felt, mood_of(mood) or 0)
    assert one > 0.4
    assert one - two > 0.3


@pytest.mark.parametrize("mood", range(1, len(LABELS)), ids=LABELS[1:])
def test_each_mood_has_several_words_that_fit_it_well(mood: int) -> None:
    felt = affects([Item(word, categories=(word,)) for word in LEXICON])
    assert (agreement(felt, mood) >= 0.8).sum() >= 5, MOODS[mood].label


def test_every_word_of_the_lexicon_stands_on_the_circumplex() -> None:
    assert all(-1 <= value <= 1 for feeling in LEXICON.values() for value in feeling)


@pytest.mark.parametrize(
    ("said", "label"), [("Positive", "happy"), ("negative", "sad"), ("Disgusted", "angry"), ("surprised", "excited")]
)
def test_words_of_questionnaires_are_moods(said: str, label: str) -> None:
    assert LABELS[mood_of(said) or 0] == label
