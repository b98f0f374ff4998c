"""Moods: what people type finds its mood, whatever the skin or the variation, and nothing else does."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.moods import LABELS, MOODS, mood_of

VARIATION = "\ufe0f"
SKINS = tuple(map(chr, range(0x1F3FB, 0x1F400)))
EMOJI = [(row, letter) for row, mood in enumerate(MOODS) for letter in mood.emoji if letter != VARIATION]


def label_of(said: str) -> str | None:
    row = mood_of(said)
    return None if row is None else LABELS[row]


def test_no_spelling_stands_for_two_moods() -> None:
    spellings = Counter(
        said for mood in MOODS[1:] for said in {mood.label, *mood.words, *mood.emoji.replace(VARIATION, "")}
    )
    assert [said for said, times in spellings.items() if times > 1] == []


def test_row_0_is_no_mood_and_the_rows_stay_as_they_are_in_stored_histories() -> None:
    assert (MOODS[0].valence, MOODS[0].arousal, LABELS[0]) == (0.0, 0.0, "")
    rows = " happy excited calm romantic curious nostalgic sad bored tired tense scared angry"
    assert tuple(rows.split(" ")) == LABELS


def test_valence_and_arousal_lie_within_one() -> None:
    assert all(-1 <= mood.valence <= 1 and -1 <= mood.arousal <= 1 for mood in MOODS)


@pytest.mark.parametrize(("row", "letter"), EMOJI)
def test_an_emoji_is_known_in_every_skin_and_variation(row: int, letter: str) -> None:
    for said in (letter, letter + VARIATION, f" {letter}\n", *(letter + skin for skin in SKINS)):
        assert mood_of(said) == row
    assert mood_of(letter + SKINS[2] + VARIATION) == row


@pytest.mark.parametrize("row", range(1, len(MOODS)))
def test_a_word_is_known_in_any_case(row: int) -> None:
    for word in (MOODS[row].label, *MOODS[row].words):
        for said in (word, word.upper(), word.title(), f"  {word} "):
            assert mood_of(said) == row


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("👍🏽", "happy"),
        ("❤", "happy"),
        ("❤️", "happy"),
        ("❤️‍🔥", "happy"),
        ("🧘🏿‍♀️", "calm"),
        ("☹️", "sad"),
        ("🕰️", "nostalgic"),
        ("😭😭😭", "sad"),
    ],
)
def test_joined_and_repeated_emoji_are_known_by_the_first(said: str, label: str) -> None:
    assert label_of(said) == label


@pytest.mark.parametrize(
    "said", ["", " ", "\0", VARIATION, "zapped", "happyish", "un happy", "🏴‍☠️", "🏽", "h", "7", "(happy)", "\u200d"]
)
def test_what_nobody_knows_is_none(said: str) -> None:
    assert mood_of(said) is None


@given(st.text(max_size=64))
def test_any_text_is_a_mood_or_none_and_never_row_0(said: str) -> None:
    row = mood_of(said)
    assert row is None or 0 < row < len(MOODS)


@given(st.text(st.characters(categories=["L", "N"]), max_size=20))
def test_a_word_is_never_known_by_its_first_letter(word: str) -> None:
    row = mood_of(word)
    assert row is None or unicodedata.normalize("NFC", word.strip().casefold()) in {MOODS[row].label, *MOODS[row].words}
