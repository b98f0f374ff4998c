"""What mood an item has: its catalogue's own word for it, or a general lexicon applied to its words.

The lexicon is made by hand: common English words of feeling, each with valence (pleasant) and arousal (awake) in
[-1, 1] on Russell's circumplex, in the manner of the ANEW and VAD norms (M. Bradley and P. Lang, 1999;
S. Mohammad, 2018).
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.moods import MOODS, mood_of
from model.index import FIRST
from model.items import Item, words

_GROUPS: Final[tuple[tuple[float, float, str], ...]] = (
    (0.9, 0.4, "joy joyful happy happiness delight delightful cheerful laugh laughter merry jolly"),
    (0.8, 0.3, "funny fun humor humour comic comedy comical amusing hilarious witty joke playful silly smile"),
    (0.8, 0.6, "celebrate celebration party festival carnival triumph victory win winner champion"),
    (0.7, 0.9, "excite excited exciting thrilling thrill ecstatic wild"),
    (0.5, 0.8, "adventure adventurous action race racing chase speed fast explosive stunt quest energetic intense"),
    (0.6, 0.6, "hero heroic brave courage glory epic magnificent amazing spectacular sport game dance dancing"),
    (0.7, 0.2, "music musical song sing melody animation cartoon animated"),
    (
        0.8,
        0.1,
        "love loving lover romance romantic kiss passion sweetheart wedding marriage bride valentine tender affection",
    ),
    (0.7, -0.1, "beautiful beauty lovely sweet wonderful kind heart hope dream paradise heaven angel"),
    (0.7, -0.6, "calm peace peaceful serene quiet relax relaxing relaxed gentle soft meditation cozy comfort rest"),
    (0.7, -0.1, "child children kid family friend friendship pet puppy mother father grandmother baby"),
    (0.6, -0.4, "garden flower nature river summer sunshine spring home village tea holiday vacation"),
    (
        0.5,
        -0.5,
        "landscape countryside meadow lake island sea ocean sky moon snow forest bird travel art poetry ballet",
    ),
    (0.5, 0.3, "magic magical fantasy wonder enchanted fairy tale mystical miracle imagination"),
    (0.4, 0.3, "curious curiosity discover discovery explore science space future journey learn idea secret strange"),
    (0.3, -0.3, "documentary history biography true education lecture essay"),
    (0.3, -0.3, "nostalgia nostalgic memory memories remember childhood old classic yesterday vintage"),
    (-0.1, 0.4, "mystery mysterious puzzle riddle detective investigation suspicion spy intrigue conspiracy"),
    (
        -0.4,
        0.7,
        "suspense tense tension thriller danger dangerous risk threat trap escape hostage desperate panic stress",
    ),
    (-0.5, 0.6, "crime criminal gangster robbery thief police prison jail corrupt corruption outlaw"),
    (
        -0.7,
        0.8,
        "horror terror fear scary scared frightening nightmare haunted ghost monster demon evil devil zombie vampire",
    ),
    (-0.8, 0.7, "murder kill killer killing blood bloody death deadly slaughter massacre torture victim psycho"),
    (-0.7, 0.7, "war battle fight violence violent attack bomb weapon gun army enemy destroy destruction"),
    (-0.7, 0.7, "anger angry rage fury furious hate hatred revenge vengeance betray betrayal cruel brutal riot"),
    (-0.6, 0.3, "dark noir shadow sin guilt shame curse hell doom cold disaster catastrophe plague"),
    (-0.4, -0.2, "drama dramatic serious struggle troubled crisis conflict"),
    (
        -0.7,
        -0.4,
        "sad sadness sorrow tragedy tragic grief mourn tears cry crying lonely loneliness melancholy misery despair",
    ),
    (-0.7, -0.3, "loss lost farewell goodbye funeral grave widow orphan broken divorce suffering pain poverty"),
    (-0.6, -0.1, "illness sick disease cancer dying addiction suicide hospital war-torn refugee"),
    (-0.3, -0.7, "boring bored dull slow tired weary sleep sleepy empty idle"),
)
LEXICON: Final[dict[str, tuple[float, float]]] = {
    word: (valence, arousal) for valence, arousal, group in _GROUPS for word in group.split()
}
_ENDINGS: Final = ("'s", "ies", "es", "s", "ed", "ing", "ly", "er")
_CATEGORY, _TITLE, _TEXT = 3.0, 1.0, 0.3


def affect(item: Item) -> tuple[float, float]:
    """The item's (valence, arousal), each in [-1, 1]; (0, 0) where its catalogue and its words say nothing."""
    row = mood_of(item.mood) if item.mood else None
    if row:
        return MOODS[row].valence, MOODS[row].arousal
    felt = [(weight, *feeling) for weight, word in _weighted(item) if (feeling := feeling_of(word))]
    total = sum(weight for weight, _, _ in felt)
    if not felt:
        return 0.0, 0.0
    return sum(w * v for w, v, _ in felt) / total, sum(w * a for w, _, a in felt) / total


def affects(items: Iterable[Item]) -> NDArray[np.float32]:
    """The (valence, arousal) of many items, (n, 2)."""
    return np.array([affect(item) for item in items], np.float32).reshape(-1, 2)


def affects_by_row(items: Iterable[Item]) -> NDArray[np.float32]:
    """The same by row of these items' index, (n + FIRST, 2); (0, 0) for the two rows that are no item."""
    return np.concatenate([np.zeros((FIRST, 2), np.float32), affects(items)])


def feeling_of(word: str) -> tuple[float, float] | None:
    """The (valence, arousal) of an English word or of its stem, None if it is no word of feeling."""
    if word in LEXICON:
        return LEXICON[word]
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2:
            for form in (stem, f"{stem}e", f"{stem}y"):
                if form in LEXICON:
                    return LEXICON[form]
    return None


def agreement(affects: NDArray[np.float32], mood: int) -> NDArray[np.float32]:
    """How well items with `affects` (n, 2) fit a mood (row of MOODS), (n,) in [-1, 1]; 0 where either is neutral."""
    wanted = np.array([MOODS[mood].valence, MOODS[mood].arousal], np.float32)
    lengths = np.sqrt((affects * affects).sum(axis=-1)) * np.sqrt((wanted * wanted).sum())
    dot = (affects * wanted).sum(axis=-1)
    cosine = np.zeros(len(affects), np.float32)
    np.divide(dot, lengths, out=cosine, where=lengths > 1e-6)
    return cosine


def _weighted(item: Item) -> Iterable[tuple[float, str]]:
    for category in item.categories:
        yield from ((_CATEGORY, word) for word in words(category))
    yield from ((_TITLE, word) for word in words(item.title))
    yield from ((_TEXT, word) for word in words(item.text)[:512])
