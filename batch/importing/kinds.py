"""Which kind of interaction a file's word means, and which one a row without a word is."""

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from batch.plain import MOOD, empty, text
from contracts.errors import InvalidEvent, Misconfigured
from contracts.kinds import Kind

KINDS: Final[tuple[str, ...]] = (*get_args(Kind), MOOD)
_MEANING: Final[Mapping[str, str]] = {
    "click": "clicked clicks tap tapped open opened",
    "view": "viewed views visit visited pageview pv detail seen",
    "play": "played plays listen listened listens watch watched stream streamed",
    "like": "liked likes love loved favorite favourite fav save saved bookmark cart addtocart wishlist upvote",
    "dislike": "disliked dislikes hate hated downvote ban banned",
    "skip": "skipped skips",
    "rating": "rate rated review reviewed",
    "dwell": "dwelled dwelltime",
    "purchase": "purchased buy bought order ordered transaction sale checkout",
}
_WORDS: Final = {word: kind for kind, words in _MEANING.items() for word in (kind, *words.split())} | {MOOD: MOOD}


class KindWords:
    """Reads the kind of each row, and keeps in mind what was understood."""

    def __init__(self, said: Mapping[str, str], otherwise: str) -> None:
        """`said` maps a file's word to a kind; `otherwise` is the kind of a row that says none.

        Raises `Misconfigured` for what is no kind.
        """
        for kind in (*said.values(), *([otherwise] if otherwise else [])):
            if kind not in KINDS:
                raise Misconfigured(f"there is no kind {kind!r}: use one of {', '.join(KINDS)}")
        self._known = {_bare(word): kind for word, kind in said.items()}
        self.otherwise = otherwise
        self.understood: dict[str, str] = {}
        """The file's word → the kind, of all words met so far."""

    def kind(self, cell: Any, has_value: bool) -> str:
        """The kind of a row; a value alone means a rating, nothing a click. Raises `InvalidEvent`."""
        if empty(cell):
            return self.otherwise or ("rating" if has_value else "click")
        try:
            return self.understood[cell]
        except KeyError:
            found = self._meaning(text(cell))
            self.understood[cell] = found
            return found

    def _meaning(self, word: str) -> str:
        bare = _bare(word)
        found = self._known.get(bare) or _WORDS.get(bare)
        if found is None:
            raise InvalidEvent(f"kind {word[:80]!r} is none of {', '.join(KINDS)}: say what it means with --kinds")
        return found


def _bare(word: str) -> str:
    return re.sub(r"[\W_]+", "", word.casefold()) or word.strip()
