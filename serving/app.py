"""The web app: routes around the parts that answer, and the work in their background."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from contracts.settings import Settings
from online.answer.library import Shelf
from online.store.protocol import Store
from serving import assets, pages, problems
from serving.crew import Seat
from serving.guard import Guard
from serving.hosts import Hosts
from serving.parts import Parts, wire
from serving.publisher import Publisher
from serving.routes import admin, events, health, items, live, rank, recommendations, users
from serving.shedding import Shedding

REFRESH_S: Final = 1.0
_FIRST_S: Final = 10.0
_log = logging.getLogger(__name__)


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000


def create_app(
    settings: Settings,
    store: Store,
    shelf: Shelf,
    publisher: Publisher,
    clock: Callable[[], int] = now_ms,
    seat: Seat | None = None,
) -> FastAPI:
    """The app; it closes the store and the publisher when it ends. Raises `Misconfigured`."""
    parts = wire(settings, store, shelf, publisher, clock, seat)
    routers = [part.router(parts) for part in (events, recommendations, rank, items, users, live, admin, health)]
    routers += [pages.router(secured=bool(settings.api_token), admin=bool(settings.admin_token))]
    routers += [assets.router(assets.PAGE, settings.posters or ""), assets.router(assets.ADMIN)]
    hosts = Hosts(settings.api_host, (settings.api_hosts or "").split(","))
    routes = [route for router in routers for route in router.routes]
    handlers: dict[int | type[Exception], Any] = {
        problems.Refused: problems.on_refused,
        HTTPException: problems.on_http_error(routes),
    }
    app = FastAPI(
        title="Moodstream",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(parts),
        redirect_slashes=False,
        middleware=[
            Middleware(Guard, token=settings.api_token, hosts=hosts, metrics=parts.metrics),
            Middleware(Shedding, answers=parts.answering, posts=parts.posting, metrics=parts.metrics),
        ],
        exception_handlers=handlers,
    )
    for router in routers:
        app.include_router(router)
    app.state.end_streams = parts.pulse.end
    return app


def _lifespan(parts: Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await parts.publisher.start()
        await parts.siblings.start()
        refreshing = asyncio.create_task(_keep_refreshing(parts))
        try:
            yield
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)
            await parts.siblings.close()
            await parts.pulse.close()
            await parts.publisher.close()
            await parts.library.close()
            await parts.store.close()

    @asynccontextmanager
    async def first_refreshed(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_FIRST_S):
                await parts.library.refresh()
        except TimeoutError:
            _log.warning("neither shelf nor store answered within %g s: answering without", _FIRST_S)
        async with life(app):
            yield

    return first_refreshed


async def _keep_refreshing(parts: Parts) -> None:
    """New bundles and changed items are picked up off the request path; nothing ends it but the app's end."""
    while True:
        due = time.monotonic() + REFRESH_S
        await asyncio.sleep(REFRESH_S)
        parts.metrics.late.set(max(0.0, time.monotonic() - due))
        try:
            await parts.library.refresh()
            parts.metrics.current_bundle(parts.library.current.version, parts.library.current.bundle)
        except Exception:
            _log.exception("looking for new bundles and items failed; it is tried again")
