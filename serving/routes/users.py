"""`/v1/users/{user_id}`: what is known of a user, and forgetting them."""

import uuid

import msgspec
from fastapi import APIRouter, Request, Response

from contracts.events import Erase, encode
from online.answer import token
from online.answer.token import Sent
from serving.parts import Parts
from serving.posted import Taken, publishing
from serving.publisher import Placed
from serving.reading import item_or_user, said
from serving.routes.events import published


class Erasing(msgspec.Struct, frozen=True):
    """Where the event lies that has the user forgotten; done when the user's watermark covers it."""

    user_id: str
    event_id: str
    partition: int
    offset: int
    token: str


def router(parts: Parts) -> APIRouter:
    """Asking about users."""
    routes = APIRouter()

    @routes.get("/v1/users/{user_id:path}")
    async def get_user(request: Request) -> Response:
        answered = await parts.profiler.profile(item_or_user(request, "user_id"))
        parts.metrics.answered(answered.degraded, answered.lag)
        return said(answered)

    @routes.delete("/v1/users/{user_id:path}")
    async def delete_user(request: Request) -> Response:
        user_id = item_or_user(request, "user_id")
        event = Erase(event_id=uuid.uuid4().hex, time=parts.clock(), user_id=user_id)
        (at,) = await published(parts, [Taken(0, event, publishing(event, encode(event)))])
        if not isinstance(at, Placed):
            raise AssertionError("`published` refuses one event that isn't placed")
        carried = token.issue(user_id, [Sent(at.partition, at.offset, at.time, event)], parts.enricher)
        return said(Erasing(user_id, event.event_id, at.partition, at.offset, carried), 202)

    return routes
