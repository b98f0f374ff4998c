"""What a request may ask for, with its limits."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contracts.events import Context, Id

MAX_TOKEN: Final = 65_536
Ids = Annotated[list[Id], Meta(max_length=1000)]
Boost = Annotated[float, Meta(ge=-100, le=100)]
Count = Annotated[int, Meta(ge=1, le=100)]


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the business wants of this answer."""

    pin: Annotated[list[Id], Meta(max_length=100)] = []
    """Stand first, in this order, seen or not; only a block or a withdrawal keeps them out."""
    boost: Annotated[dict[Id, Boost], Meta(max_length=1000)] = {}
    """Added to the item's score (a natural logarithm: 1 makes it look 2.7 times as likely)."""
    block: Ids = []
    """Never shown."""


class Asker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who asks, and in what moment."""

    user_id: Id
    mood: Annotated[str, Meta(max_length=64)] = ""
    """An emoji or a word of `contracts.moods`, for this answer only; without it the user's last mood counts."""
    context: Context | None = None
    repeat: bool | None = None
    """Items that the user has had may be shown again: in shops, with music, within sessions. Unless it's said, that is
    as the bundle was trained."""
    token: Annotated[str, Meta(max_length=MAX_TOKEN)] = ""
    """Tokens that posting events gave, joined by commas: those events count even if the stream is behind."""
    explain: bool = False


class Ask(Asker, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One request for recommendations."""

    n: Count = 10
    page: Count = 1
    """From 1; a later page goes on with the order of the first one for ten minutes."""
    exclude: Ids = []
    categories: Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(max_length=64)] = []
    """Only items of at least one of these; letter case doesn't matter."""
    diversity: Annotated[float, Meta(ge=0, le=5)] = 0.1
    """How much an item loses for being like those before it; 0: ranked by score alone."""
    novelty: Annotated[float, Meta(ge=0, le=5)] = 0.0
    """How much an item loses for being popular: so many times log1p of its decayed count."""
    rules: Rules = Rules()


class ToRank(Asker, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Items that a service brings itself, to be put in order for a user."""

    items: Annotated[list[Id], Meta(min_length=1, max_length=1000)]

    def ask(self) -> Ask:
        """The request for recommendations that scores these items as they are to be scored."""
        return Ask(**{name: getattr(self, name) for name in Asker.__struct_fields__})
