"""`/openapi.json`, and `/docs`: a page of one's own that needs nothing from elsewhere."""

from importlib.resources import files

import msgspec
from fastapi import APIRouter, Request, Response

from serving.openapi import document

_HEADERS = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"}


def router(*, secured: bool, admin: bool) -> APIRouter:
    """The documents; `secured` where a token is demanded, with what operators do where `admin` is on."""
    routes = APIRouter()

    @routes.get("/openapi.json")
    async def get_openapi(request: Request) -> Response:
        return Response(msgspec.json.encode(document(secured=secured, admin=admin)), media_type="application/json")

    @routes.get("/docs")
    async def get_docs(request: Request) -> Response:
        page = files("serving").joinpath("static", "docs.html").read_bytes()
        return Response(page, headers=_HEADERS, media_type="text/html")

    @routes.get("/")
    async def get_root(request: Request) -> Response:
        return Response(status_code=307, headers={"Location": "/docs"})

    return routes
