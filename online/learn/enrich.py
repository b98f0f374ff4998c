"""One user event to one flat row, as the learner, the `enriched` topic and the lake see it; pure, without the IP."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from contracts.events import Alias, Context, Impression, Interaction, MoodEvent, Shown, UserEvent
from contracts.kinds import weight
from contracts.moods import MOODS, mood_of
from online.learn.device import device_of
from online.learn.place import Places, zone_of

_NO_CONTEXT: Final = Context()
COLUMNS: Final = 8
COLUMN_LENGTH: Final = 64


class Enriched(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """What is known of one event: flat, typed, without the address it came from. Times are UTC milliseconds."""

    partition: int
    offset: int
    arrival: int
    """The broker's append time."""
    type: str
    """`interaction`, `mood`, `impression`, `alias` or `erase`."""
    event_id: str
    user_id: str
    item_id: str = ""
    kind: str = ""
    value: float | None = None
    weight: float = 0.0
    """Of the interaction, in [-1, 1], by `contracts.kinds`."""
    time: int
    """The event's own time, but never later than its arrival."""
    event_time: int
    """As it was sent."""
    mood: str = ""
    """A label of `contracts.moods`: of a mood event, else of the context; empty where it is unknown."""
    mood_said: str = ""
    valence: float = 0.0
    arousal: float = 0.0
    device: str = ""
    """As given in the context, else `mobile`, `desktop`, `tablet`, `tv`, `bot` or empty, of the user agent."""
    browser: str = ""
    os: str = ""
    country: str = ""
    city: str = ""
    place: str = ""
    """As given in the context, else the city, else the country of the address."""
    hour: int
    """0 to 23: local where the time zone is known, else UTC."""
    session: str = ""
    request_id: str = ""
    bundle: str = ""
    """Of an impression."""
    shown: tuple[Shown, ...] = ()
    """Of an impression."""
    known_as: str = ""
    """Of an alias."""
    extra: dict[str, str | float] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The context's further columns, each as `name=value`: the first few, cut short.

        The session is among them, and a mood in words that nobody knows: it may still tell what is taken.
        """
        own = {"session": self.session, "mood_said": "" if self.mood else self.mood_said}
        named = {**{name: value for name, value in own.items() if value}, **self.extra}
        return tuple(f"{name}={_plain(value)}"[:COLUMN_LENGTH] for name, value in sorted(named.items())[:COLUMNS])


def _plain(value: str | float) -> str:
    """A number as it is written, whether it came as 2 or as 2.0."""
    return value if isinstance(value, str) else f"{value:.12g}"


class Enricher:
    """Makes rows of events, with a database of places where one is given."""

    def __init__(self, geoip: Path | None = None) -> None:
        """Raises `Misconfigured` where the database is missing, damaged or holds no places."""
        self._places = Places(geoip)

    def enrich(self, event: UserEvent, *, partition: int, offset: int, arrival: int) -> Enriched:
        """The row of an event that came at `arrival` (UTC ms): the same for the same input, never an error."""
        context = event.context or _NO_CONTEXT
        said = event.mood if isinstance(event, MoodEvent) else context.mood or ""
        mood = MOODS[mood_of(said) or 0]
        device = device_of(context.user_agent)
        place = self._places.place_of(context.ip)
        time = min(event.time, arrival)
        return Enriched(
            partition=partition,
            offset=offset,
            arrival=arrival,
            type=str(event.__struct_config__.tag),
            event_id=event.event_id,
            user_id=event.user_id,
            item_id=event.item_id if isinstance(event, Interaction) else "",
            kind=event.kind if isinstance(event, Interaction) else "",
            value=event.value if isinstance(event, Interaction) else None,
            weight=weight(event.kind, event.value) if isinstance(event, Interaction) else 0.0,
            time=time,
            event_time=event.time,
            mood=mood.label,
            mood_said=said,
            valence=mood.valence,
            arousal=mood.arousal,
            device=context.device or device.family,
            browser=device.browser,
            os=device.os,
            country=place.country,
            city=place.city,
            place=context.place or place.city or place.country,
            hour=_hour(time, place.zone),
            session=context.session or "",
            request_id=event.request_id if isinstance(event, Impression) else context.request_id or "",
            bundle=event.bundle if isinstance(event, Impression) else "",
            shown=tuple(event.shown) if isinstance(event, Impression) else (),
            known_as=event.known_as if isinstance(event, Alias) else "",
            extra=context.extra,
        )


def _hour(time: int, zone_name: str) -> int:
    zone = zone_of(zone_name) if zone_name else None
    return datetime.fromtimestamp(time / 1000, zone or UTC).hour
