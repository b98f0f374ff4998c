"""What an answer says: its items, and how fresh and how whole the knowledge behind it is."""

import msgspec


class At(msgspec.Struct, frozen=True):
    """Up to where the log was taken in by the state that this answer used."""

    partition: int
    offset: int
    incarnation: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer tells of itself."""

    request_id: str
    bundle: str
    """The version that computed it; empty without one."""
    watermark: At | None = None
    """None where the store couldn't be read, or where the answer is about no user."""
    age_ms: int | None = None
    """Since the user's last event that counted."""
    lag: int | None = None
    """Events of the user's partition (of all, for an item) that the stream has yet to take in, as it last said."""
    degraded: list[str] = []
    """Why this answer is less than it could be, each as `part: reason`."""


class Recommended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item, and what brought it here."""

    item_id: str
    title: str = ""
    categories: tuple[str, ...] = ()
    image: str = ""
    score: float
    probability: float | None = None
    """That it is taken within half an hour, once enough impressions have told; calibrated by what followed them."""
    sources: list[str]
    parts: dict[str, float] | None = None
    """With `explain`: what each feature of the ranker and each rule adds to the score."""


class Recommendations(Standing, frozen=True, kw_only=True):
    """Items for a user, best first."""

    user_id: str
    page: int
    mood: str = ""
    """The mood that it was made for: the one asked for, else the user's own if it is not long ago."""
    folded: int = 0
    """Events of the request's token that the stream hadn't taken in yet."""
    items: list[Recommended]


class Scored(Recommended, frozen=True, kw_only=True, omit_defaults=True):
    """One item that a service brought; `sources` are those that would have, too."""

    seen: bool
    """The user had it already: recommendations drop it unless they may repeat."""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """One place of the list that was given, which the order has no item for."""

    index: int
    """From 0."""
    item_id: str
    reason: str


class Ranking(Standing, frozen=True, kw_only=True):
    """Items that a service brought, the best for this user first; with those left out they are all that was given."""

    user_id: str
    mood: str = ""
    """As recommendations say it."""
    folded: int = 0
    """Events of the request's token that the stream hadn't taken in yet."""
    items: list[Scored]
    left_out: list[LeftOut]


class SimilarItems(Standing, frozen=True, kw_only=True):
    """Items like another."""

    item_id: str
    title: str = ""
    items: list[Recommended]


class Happened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of a user's history."""

    offset: int
    time: int
    kind: str
    """An interaction's kind, or `mood`."""
    item_id: str = ""
    title: str = ""
    value: float | None = None
    weight: float = 0.0
    mood: str = ""
    place: str = ""
    device: str = ""


class Profile(Standing, frozen=True, kw_only=True):
    """What is known of a user."""

    user_id: str
    known: bool
    known_as: str = ""
    """The known user whom this one turned out to be; the rest is about them."""
    erased: bool = False
    events: int = 0
    seen: int = 0
    last_event: int | None = None
    """UTC milliseconds."""
    mood: str = ""
    mood_time: int | None = None
    embedding: list[float] = []
    history: list[Happened] = []
    """The newest first."""


class Untouched(Standing, frozen=True, kw_only=True):
    """What the bundle alone says of a user as they were when it was trained; it stays so until another is published."""

    user_id: str
    until: int | None = None
    """The time of the last event that the bundle was trained on, UTC milliseconds."""
    events: int = 0
    """Of the user's kept history, those that this answer knows: up to `until`."""
    since: int = 0
    """And those that it doesn't."""
    items: list[Recommended]


class Whereabouts(Standing, frozen=True, kw_only=True):
    """Where a user stands on the map of `/v1/live/world`."""

    user_id: str
    place: tuple[float, float] | None = None
    """None without events, without a bundle, or while the user is on another bundle than the map is of."""
    events: int = 0
    mood: str = ""
    folded: int = 0
    """Events of the request's token that the stream hadn't taken in yet."""
