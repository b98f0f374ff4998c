"""A small vocabulary of moods with valence and arousal in [-1, 1], and the emoji and words that say them.

Placed on Russell's circumplex (J. Russell, 1980, "A circumplex model of affect").
"""

from typing import Final, NamedTuple


class Mood(NamedTuple):
    """One mood: how pleasant (valence) and how awake (arousal), and what people type for it."""

    label: str
    valence: float
    arousal: float
    emoji: str
    words: tuple[str, ...]


MOODS: Final[tuple[Mood, ...]] = (
    Mood("", 0.0, 0.0, "", ()),
    Mood(
        "happy",
        0.8,
        0.4,
        "😀😃😄😁😊🙂😆😂🤣😍🥰😎🎉👍❤️",
        ("joyful", "glad", "cheerful", "fun", "good", "amused", "funny", "positive"),
    ),
    Mood("excited", 0.7, 0.9, "🤩🥳🔥⚡🚀💥", ("thrilled", "energetic", "hyped", "adventurous", "pumped", "surprised")),
    Mood("calm", 0.6, -0.6, "😌🧘🍃☕🛀😇", ("relaxed", "peaceful", "serene", "chill", "cozy", "content")),
    Mood("romantic", 0.8, 0.1, "😘💋💕💘🌹💑", ("loving", "tender", "love", "affectionate")),
    Mood("curious", 0.4, 0.3, "🤔🧐💡🔍🤓", ("interested", "thoughtful", "inquisitive")),
    Mood("nostalgic", 0.3, -0.3, "📼🕰️🥲📻", ("wistful", "sentimental")),
    Mood(
        "sad",
        -0.7,
        -0.4,
        "😢😭😞☹️🙁💔😔🥺",
        ("unhappy", "blue", "down", "melancholy", "lonely", "depressed", "negative"),
    ),
    Mood("bored", -0.3, -0.7, "🥱😑😐🙄", ("dull", "indifferent", "meh")),
    Mood("tired", -0.2, -0.8, "😴😪😩💤", ("sleepy", "exhausted", "weary")),
    Mood("tense", -0.4, 0.7, "😬😰😓😖", ("nervous", "anxious", "stressed", "worried")),
    Mood("scared", -0.7, 0.8, "😱😨😧👻💀", ("afraid", "frightened", "terrified", "fear")),
    Mood("angry", -0.8, 0.7, "😠😡🤬👿👎", ("furious", "mad", "annoyed", "frustrated", "disgusted")),
)
"""Row 0 is no mood at all."""

LABELS: Final = tuple(mood.label for mood in MOODS)
_VARIATION = "\ufe0f"


def _spellings(mood: Mood) -> tuple[str, ...]:
    return (mood.label, *mood.words, *mood.emoji.replace(_VARIATION, ""))


_INDEX: Final = {said: row for row, mood in enumerate(MOODS) if row for said in _spellings(mood)}


def mood_of(said: str) -> int | None:
    """The row of `MOODS` for an emoji (skin tones and variations ignored) or a word, or None if nobody knows it."""
    text = said.strip().casefold().replace(_VARIATION, "")
    return _INDEX.get(text, _INDEX.get(text[:1]) if not text.isalnum() else None)
