"""`/live` and `/admin`: pages without a build, nothing from elsewhere, and no right: the same files for everybody."""

import gzip
import hashlib
from importlib.resources import files
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

PAGE: Final = "/live"
ADMIN: Final = "/admin"
_KINDS: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Asset(NamedTuple):
    """One file as it is sent."""

    body: bytes
    packed: bytes
    etag: str
    kind: str


def assets(page: str = PAGE) -> dict[str, Asset]:
    """The page's files by name."""
    found = sorted(files("serving").joinpath("static", page[1:]).iterdir(), key=lambda file: file.name)
    return {file.name: _asset(file.name, file.read_bytes()) for file in found if not file.name.startswith(".")}


def _asset(name: str, body: bytes) -> Asset:
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
    return Asset(body, gzip.compress(body, mtime=0), etag, _KINDS[name.rpartition(".")[2]])


def router(page: str, posters: str = "") -> APIRouter:
    """One of the pages; `posters` is the one other address that it may show images from."""
    routes, known, headers = APIRouter(), assets(page), _headers(posters)

    @routes.get(page)
    async def get_page(request: Request) -> Response:
        return _sent(known["index.html"], request, headers)

    @routes.get(page + "/{name}")
    async def get_asset(request: Request) -> Response:
        asset = known.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        return _sent(asset, request, headers)

    return routes


def _headers(posters: str) -> dict[str, str]:
    """Nothing but this page's own files runs or is fetched, no text becomes markup, and no other page frames it."""
    where = urlsplit(posters)
    images = f"'self' {where.scheme}://{where.netloc}" if posters else "'self'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src {images}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
    }


def _sent(asset: Asset, request: Request, headers: dict[str, str]) -> Response:
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers={**headers, "ETag": asset.etag})
    if "gzip" in request.headers.get("accept-encoding", ""):
        packed = {**headers, "ETag": asset.etag, "Content-Encoding": "gzip"}
        return Response(asset.packed, headers=packed, media_type=asset.kind)
    return Response(asset.body, headers={**headers, "ETag": asset.etag}, media_type=asset.kind)
