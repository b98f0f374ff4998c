"""`/v1/live/…`: what the page at `/live` shows beside answers: the map of the items, places on it, the pulse."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from msgspec import Meta

from contracts.moods import MOODS
from online.answer.asked import MAX_TOKEN, Count
from online.answer.atlas import landmarks
from serving.parts import Parts
from serving.problems import Refused
from serving.pulse import STREAM, WATCHERS
from serving.reading import converted, item_or_user, said


class Landmark(msgspec.Struct, frozen=True):
    """A well-known item on the map."""

    item_id: str
    title: str
    place: tuple[float, float]


class Feeling(msgspec.Struct, frozen=True):
    """A mood that a user may say."""

    emoji: str
    label: str


class World(msgspec.Struct, frozen=True):
    """What is the same for all users."""

    bundle: str
    """The current one's version; empty without one."""
    until: int | None
    """The time of the last event that it was trained on, UTC milliseconds."""
    items: int
    moods: list[Feeling]
    landmarks: list[Landmark]
    told: float | None
    """The share of what sets the items' vectors apart that two axes can show."""
    posters: str
    """What an item's `image` is appended to; empty: items are shown without."""


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be asked of a user's place."""

    token: Annotated[str, Meta(max_length=MAX_TOKEN)] = ""


class Many(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many items are wanted."""

    n: Count = 10


def router(parts: Parts) -> APIRouter:
    """Asking for what the page shows."""
    routes = APIRouter()

    @routes.get("/v1/live/world")
    async def get_world(request: Request) -> Response:
        return said(_world(parts))

    @routes.get("/v1/live/places/{user_id:path}")
    async def get_place(request: Request) -> Response:
        asked: Where = converted(dict(request.query_params), Where)
        answered = await parts.locator.find(item_or_user(request, "user_id"), asked.token)
        parts.metrics.answered(answered.degraded, answered.lag)
        return said(answered)

    @routes.get("/v1/live/as-trained/{user_id:path}")
    async def get_as_trained(request: Request) -> Response:
        asked: Many = converted(dict(request.query_params), Many)
        answered = await parts.as_trained.answer(item_or_user(request, "user_id"), asked.n)
        parts.metrics.answered(answered.degraded, None)
        return said(answered)

    @routes.get(STREAM)
    async def get_stream(request: Request) -> Response:
        if parts.pulse.is_full:
            detail = f"{WATCHERS} pages watch already: try again later"
            raise Refused(429, detail, headers={"Retry-After": "10"})
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(parts.pulse.frames(), media_type="text/event-stream", headers=headers)

    return routes


def _world(parts: Parts) -> World:
    catalogue = parts.library.current
    drawn = parts.atlases.of(catalogue.version)
    marks = landmarks(catalogue, drawn) if drawn else []
    return World(
        bundle=catalogue.version,
        until=catalogue.bundle.watermark.time if catalogue.bundle else None,
        items=len(catalogue.items),
        moods=[Feeling(mood.emoji[0], mood.label) for mood in MOODS[1:]],
        landmarks=[Landmark(item, catalogue.item(item).title, (x, y)) for item, x, y in marks],
        told=drawn.told if drawn else None,
        posters=parts.settings.posters or "",
    )
