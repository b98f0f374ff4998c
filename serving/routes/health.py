"""`/health` and `/metrics`: for those who watch over it."""

import msgspec
from fastapi import APIRouter, Request, Response

from contracts.errors import StoreUnavailable
from online.answer.deadline import Deadline
from serving.guard import STRANGER
from serving.metrics import CONTENT_TYPE
from serving.parts import Parts
from serving.reading import said


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    live: bool = True


class Ready(msgspec.Struct, frozen=True):
    """Whether requests should come here: while there is a bundle or a store to answer from."""

    ready: bool
    bundle: str
    degraded: list[str]


def router(parts: Parts) -> APIRouter:
    """Health and metrics."""
    routes = APIRouter()

    @routes.get("/health/live")
    async def get_live(request: Request) -> Response:
        return said(Live())

    @routes.get("/health/ready")
    async def get_ready(request: Request) -> Response:
        degraded = parts.library.reasons()
        store_answers = True
        try:
            await Deadline(parts.settings.store_timeout_s).read(parts.store.heartbeats())
        except StoreUnavailable as error:
            store_answers = False
            degraded.append(f"store: {error}")
        if parts.publisher.trouble:
            degraded.append(f"kafka: {parts.publisher.trouble}")
        ready = store_answers or parts.library.current.bundle is not None
        if STRANGER in request.scope:
            return said(Ready(ready, "", []), 200 if ready else 503)
        return said(Ready(ready, parts.library.current.version, degraded), 200 if ready else 503)

    @routes.get("/metrics")
    async def get_metrics(request: Request) -> Response:
        parts.metrics.current_bundle(parts.library.current.version, parts.library.current.bundle)
        return Response(await parts.siblings.metrics(), media_type=CONTENT_TYPE)

    return routes
